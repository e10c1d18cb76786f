import { NotJson } from './errors.js';

/**
 * The value as a front end gets it: what JSON does not have is left out, and `toJSON()` is called now, in the cell that can be interrupted.
 * @param what how an error calls the value
 * @throws NBS_NOT_JSON
 */
export function asJson(value: unknown, what: string): unknown {
  if (typeof value === 'string') return value;
  try {
    const text = JSON.stringify(value) as string | undefined;
    return text === undefined ? undefined : (JSON.parse(text) as unknown);
  } catch (error) {
    throw NotJson({ what, reason: error instanceof Error ? error.message : String(error) }, error);
  }
}
