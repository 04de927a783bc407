/**
 * How many levels of lists and objects within each other are taken. What walks through objects does so by recursion;
 * kube-apiserver takes 10,000 and no kind of object needs more than some tens.
 */
export const MOST_LEVELS = 1000;

/** Whether a decoded value has more than {@link MOST_LEVELS} levels of lists and objects within each other. */
export function isTooDeep(value: unknown): boolean {
  let level = nested([value]);
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth === MOST_LEVELS) return true;
    level = level.flatMap((each) => nested(Object.values(each)));
  }
  return false;
}

const nested = (values: readonly unknown[]) =>
  values.filter((value): value is object => typeof value === 'object' && value !== null);
