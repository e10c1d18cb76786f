import { NoJsonForm, NotAwaited } from './errors.js';
import { type JsonFaults, jsonForm, pathText } from './json-form.js';
import { isPlainJson } from './plain-json.js';

/**
 * Writes a value as JSON and changes nothing: typed arrays and tensors become lists, and a value that JSON cannot represent causes an error with its
 * path.
 * @param subject what the value is, for messages
 * @throws NBS_NO_JSON_FORM, NBS_NOT_AWAITED
 */
export function toJson(value: unknown, deployment: string, subject = 'the answer'): string {
  return checked(value, stringify, { deployment, subject, asTexts: false });
}

/**
 * The value itself if JSON represents all of it, and otherwise a copy that JSON does.
 * @param asTexts whether a BigInt becomes its digits and bytes become base64, as the schema of a typed method says
 * @throws NBS_NO_JSON_FORM, NBS_NOT_AWAITED
 */
export function plainForm(value: unknown, deployment: string, asTexts: boolean, subject = 'the answer'): unknown {
  return checked(value, (plain) => plain, { deployment, subject, asTexts });
}

/** Whether JSON certainly represents the value as it is; also false if a getter throws. */
export function isPlain(value: unknown): boolean {
  try {
    return isPlainJson(value);
  } catch {
    return false;
  }
}

interface Subject {
  readonly deployment: string;
  readonly subject: string;
  readonly asTexts: boolean;
}

const stringify = (plain: unknown): string => JSON.stringify(plain);

function checked<T>(value: unknown, use: (plain: unknown) => T, { deployment, subject, asTexts }: Subject): T {
  try {
    if (isPlainJson(value)) return use(value);
  } catch {
    // A getter threw, or the text is too long. The code below reports this with its path.
  }
  const refuse = (where: string, what: string, remedy: string, cause?: unknown): Error => {
    const error = NoJsonForm({ deployment, where, what, remedy }, cause);
    // The message contains the path. The stack would only name files of this room.
    return Object.defineProperty(error, 'stack', { value: `${error.name}: ${error.message}` });
  };
  const faults: JsonFaults = {
    refuse: (path, { what, remedy }, cause) => {
      throw refuse(path.length === 0 ? `${subject} ($)` : `${pathText(path, '$')} of ${subject}`, what, remedy, cause);
    },
    notAwaited: (path) => {
      throw NotAwaited({ deployment, where: path.length === 0 ? 'an item' : pathText(path) });
    },
  };
  try {
    const form = jsonForm(value, faults, asTexts);
    if (form === undefined) throw refuse(`${subject} ($)`, 'undefined', 'return null');
    return use(form);
  } catch (error) {
    // The value is too deep for the stack, or the text is longer than the longest one possible.
    if (!(error instanceof RangeError)) throw error;
    throw refuse(`${subject} ($)`, `too deep or too large (${error.message})`, 'return a stream, or less at a time', error);
  }
}
