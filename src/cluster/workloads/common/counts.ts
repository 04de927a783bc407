/** A number of pods, given as such or in percent of a whole; what is neither counts as none. */
export function countOf(value: number | string, of: number, round: (x: number) => number): number {
  if (typeof value === 'number') return Math.max(0, value);
  const percent = Number(/^(\d+)%$/.exec(value)?.[1] ?? 0);
  return round((percent * of) / 100);
}
