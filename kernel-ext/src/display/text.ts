import { inspect, stripVTControlCharacters, types } from 'node:util';
import { beginningOf } from 'nbserve/basics';

const MAX_TEXT = 20_000;
/** How many levels of nested objects are always shown, if the length of the text allows it. */
const USUAL_DEPTH = 4;
/** The largest number of levels. Levels beyond the usual ones are shown if they have few objects. */
const MAX_DEPTH = 12;
const FEW_OBJECTS = 500;

/** `util.inspect`, within limits and never throwing. @param colors with the escape codes of terminals */
export function textOf(value: unknown, colors = false): string {
  // Node would show the kernel's own property too, and only the value is wanted.
  if (types.isPromise(value)) return 'Promise — await it for its value';
  let text: string;
  try {
    text = inspect(value, { depth: depthFor(value), maxArrayLength: 100, maxStringLength: 10_000, breakLength: 100, colors });
  } catch (error) {
    text = `[cannot be shown: ${String(error)}]`;
  }
  if (text.length <= MAX_TEXT) return text;
  // If the text is cut, an escape code of a colour could be cut, or never be ended.
  const plain = colors ? stripVTControlCharacters(text) : text;
  if (plain.length <= MAX_TEXT) return plain;
  const beginning = beginningOf(plain, MAX_TEXT);
  return `${beginning}… (${plain.length - beginning.length} more characters)`;
}

/** True for an error. A proxy is none: its handler is user code, which may fail. */
export const isError = (value: unknown): value is Error => !types.isProxy(value) && value instanceof Error;

/** How many levels of a value are shown: all of a status or of a parsed file, but not all of a large graph of objects. */
function depthFor(value: unknown): number {
  let level = isNested(value) ? [value] : [];
  const seen = new Set<object>(level);
  for (let depth = 0; depth < MAX_DEPTH; depth += 1) {
    const next: object[] = [];
    for (const object of level) {
      for (const inner of innerOf(object)) {
        if (!isNested(inner) || seen.has(inner)) continue;
        seen.add(inner);
        next.push(inner);
        if (seen.size > FEW_OBJECTS) return Math.max(USUAL_DEPTH, depth);
      }
    }
    level = next;
  }
  return MAX_DEPTH;
}

/** True for an object with values inside. A proxy is not one, because its handler is user code; nor are bytes. */
const isNested = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !types.isProxy(value) && !ArrayBuffer.isView(value);

/** The values inside of an object. No getter is called. */
function* innerOf(object: object): Generator<unknown> {
  if (types.isMap(object)) for (const entry of object) yield* entry;
  else if (types.isSet(object)) yield* object;
  for (const name of Object.keys(object).slice(0, FEW_OBJECTS + 1)) yield Object.getOwnPropertyDescriptor(object, name)?.value;
}
