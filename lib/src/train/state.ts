import { StateNotJson } from './errors.js';

/** @throws NBS_TRAIN_STATE_NOT_JSON if JSON would change or lose a part of the state of a loop */
export const checkState = (state: unknown): void => check(state, 'state', new Set());

const NAME = /^[\p{L}_$][\p{L}\p{N}_$]*$/u;

/** @param holders the objects that contain the value */
function check(value: unknown, path: string, holders: Set<object>): void {
  if (value === null || typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value)) return;
  if (typeof value !== 'object') throw StateNotJson({ path, value: shown(value) });
  if (holders.has(value)) throw StateNotJson({ path, value: 'an object that contains itself' });
  const prototype: unknown = Object.getPrototypeOf(value);
  const isList = Array.isArray(value);
  if (!isList && prototype !== null && Object.getPrototypeOf(prototype) !== null)
    throw StateNotJson({ path, value: `of type ${value.constructor?.name ?? 'object'}` });
  holders.add(value);
  // Unlike those of `Object.entries`, the entries of a list have its empty places too.
  if (isList) for (const [i, each] of value.entries()) check(each, `${path}[${i}]`, holders);
  else {
    for (const [name, each] of Object.entries(value)) {
      const inner = NAME.test(name) ? `${path}.${name}` : `${path}[${JSON.stringify(name)}]`;
      // A member that is undefined may be absent later, which reads the same.
      if (each !== undefined) check(each, inner, holders);
    }
  }
  holders.delete(value);
}

function shown(value: unknown): string {
  if (typeof value === 'bigint') return `${value}n`;
  return typeof value === 'number' || value === undefined ? String(value) : `a ${typeof value}`;
}
