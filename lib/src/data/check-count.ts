import { InvalidCall } from './errors.js';

/** @throws NBS_DATA_ARGUMENT if it is no whole number of at least `min` */
export function checkCount(what: string, name: string, value: unknown, min: number): void {
  if (!Number.isSafeInteger(value) || (value as number) < min)
    throw InvalidCall({ what, expected: `${name} is a whole number of at least ${min}`, got: String(value) });
}

/** @throws NBS_DATA_ARGUMENT if there are none */
export function checkSome(what: string, columns: readonly unknown[]): void {
  if (columns.length === 0) throw InvalidCall({ what, expected: 'at least one column', got: 'none' });
}
