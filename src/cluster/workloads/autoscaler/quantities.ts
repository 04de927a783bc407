import { parseQuantity } from '../../../api/index.ts';

/** Thousandths of a quantity, rounded up: the unit in which autoscalers calculate. Undefined for what is no quantity. */
export function milliValue(text: string | undefined): number | undefined {
  const value = text === undefined ? undefined : parseQuantity(text);
  return value === undefined ? undefined : Math.ceil(Number((value * 1000).toPrecision(15)));
}

const SUFFIXES = ['m', '', 'k', 'M', 'G', 'T', 'P', 'E'];

/** Thousandths as Kubernetes writes a decimal quantity: with the largest suffix that leaves a whole number. */
export function formatMilli(milli: number): string {
  let value = milli;
  let step = 0;
  while (value !== 0 && value % 1000 === 0 && step < SUFFIXES.length - 1) {
    value /= 1000;
    step += 1;
  }
  return value === 0 ? '0' : `${value}${SUFFIXES[step]}`;
}
