import type { Environment } from '@marcbachmann/cel-js';
import { addQuantities, compareQuantities, isQuantity, quantityValue, wholeQuantity } from '../quantity.ts';

/** A resource quantity in an expression, e.g. `quantity("500Mi")`. */
class Quantity {
  readonly text: string;

  constructor(text: string) {
    if (!isQuantity(text)) {
      const pattern = '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$';
      throw new Error(`quantities must match the regular expression '${pattern}'`);
    }
    this.text = text;
  }
}

const TYPE = 'kubernetes.Quantity';

export function registerQuantities(environment: Environment): void {
  const compare = (a: Quantity, b: Quantity) => compareQuantities(a.text, b.text);
  const plus = (a: Quantity, b: Quantity | bigint, sign: 1 | -1) =>
    new Quantity(addQuantities(a.text, b instanceof Quantity ? b.text : String(b), sign));
  environment
    .registerType(TYPE, Quantity)
    .registerFunction('isQuantity(string): bool', (text: string) => isQuantity(text))
    .registerFunction(`quantity(string): ${TYPE}`, (text: string) => new Quantity(text))
    .registerOperator(`${TYPE} == ${TYPE}`, (a: Quantity, b: Quantity) => compare(a, b) === 0)
    .registerFunction(`${TYPE}.isGreaterThan(${TYPE}): bool`, (a: Quantity, b: Quantity) => compare(a, b) > 0)
    .registerFunction(`${TYPE}.isLessThan(${TYPE}): bool`, (a: Quantity, b: Quantity) => compare(a, b) < 0)
    .registerFunction(`${TYPE}.compareTo(${TYPE}): int`, (a: Quantity, b: Quantity) => BigInt(compare(a, b)))
    .registerFunction(`${TYPE}.sign(): int`, (a: Quantity) => BigInt(compareQuantities(a.text, 0)))
    .registerFunction(`${TYPE}.isInteger(): bool`, (a: Quantity) => wholeQuantity(a.text) !== undefined)
    .registerFunction(`${TYPE}.asInteger(): int`, (a: Quantity) => {
      const whole = wholeQuantity(a.text);
      if (whole === undefined) throw new Error('cannot convert value to integer');
      return whole;
    })
    .registerFunction(`${TYPE}.asApproximateFloat(): double`, (a: Quantity) => approximate(a.text));
  for (const other of [TYPE, 'int']) {
    environment
      .registerFunction(`${TYPE}.add(${other}): ${TYPE}`, (a: Quantity, b: Quantity | bigint) =>
        plus(a, b, 1),
      )
      .registerFunction(`${TYPE}.sub(${other}): ${TYPE}`, (a: Quantity, b: Quantity | bigint) =>
        plus(a, b, -1),
      );
  }
}

const approximate = (text: string) => quantityValue(text) ?? 0;
