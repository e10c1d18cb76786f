import { type JsonSchema, resolved } from '../class-schema.js';
import { losesDigits } from './lost-digits.js';

type Defs = Readonly<Record<string, JsonSchema>>;
type Read = (text: string) => unknown;

/** Without two ways to read the same digits, because a text that is none may be long. */
const NUMBER = /^-?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;

interface Kinds {
  readonly texts: Set<unknown>;
  readonly types: Set<string>;
}

/**
 * Returns a function that converts the texts of a parameter to the types of its schema, for example `'3'` to 3 for a number. A text that cannot be converted
 * stays a text, and the check then reports it. If the schema itself allows the text, it is not converted.
 */
export function textReader(schema: JsonSchema, defs: Defs): (texts: readonly string[]) => unknown {
  const whole = resolved(schema, defs);
  if (whole.type === 'array') {
    const { prefixItems = [], items } = whole as { prefixItems?: readonly JsonSchema[]; items?: JsonSchema | false };
    const first = prefixItems.map((one) => readerOf(one, defs));
    const rest = readerOf(items === false ? {} : (items ?? {}), defs);
    return (texts) => texts.map((text, i) => (first[i] ?? rest)(text));
  }
  const read = readerOf(whole, defs);
  const list = listIn(whole, defs);
  if (list === undefined) return ([text = '']) => read(text);
  const readList = textReader(list, defs);
  const other = kindsOf(whole, defs);
  // One text is a list of one item, unless another member of the union takes it.
  return (texts) => {
    const [text = ''] = texts;
    const isOther = texts.length === 1 && (other.types.has('string') || other.texts.has(text) || converted(text, other) !== text);
    return isOther ? read(text) : readList(texts);
  };
}

/** Finds the list among the members of a union. */
function listIn({ anyOf }: JsonSchema, defs: Defs): JsonSchema | undefined {
  return (anyOf as readonly JsonSchema[] | undefined)?.map((one) => resolved(one, defs)).find(({ type }) => type === 'array');
}

function readerOf(schema: JsonSchema, defs: Defs): Read {
  const kinds = kindsOf(schema, defs);
  return (text) => converted(text, kinds);
}

function converted(text: string, { texts, types }: Kinds): unknown {
  const isText = types.has('string');
  if (texts.has(text)) return text;
  // If the type allows texts too, `007` is one, because the number has another form.
  if (types.has('number') && isNumber(text) && (!isText || String(Number(text)) === text)) return Number(text);
  if (types.has('boolean') && (text === 'true' || text === 'false')) return text === 'true';
  if (types.has('null') && !isText && text === 'null') return null;
  return text;
}

const isNumber = (text: string): boolean => NUMBER.test(text) && Number.isFinite(Number(text)) && !losesDigits(text);

function kindsOf(schema: JsonSchema, defs: Defs): Kinds {
  const kinds: Kinds = { texts: new Set(), types: new Set() };
  gather(schema, defs, kinds);
  return kinds;
}

function gather(schema: JsonSchema, defs: Defs, kinds: Kinds): void {
  const whole = resolved(schema, defs);
  for (const value of [...((whole.enum as readonly unknown[] | undefined) ?? []), ...('const' in whole ? [whole.const] : [])]) {
    if (typeof value === 'string') kinds.texts.add(value);
    else kinds.types.add(value === null ? 'null' : typeof value);
  }
  for (const one of ((whole.anyOf ?? whole.oneOf) as readonly JsonSchema[] | undefined) ?? []) gather(one, defs, kinds);
  for (const type of Array.isArray(whole.type) ? (whole.type as readonly string[]) : [whole.type]) {
    if (type === 'integer') kinds.types.add('number');
    else if (typeof type === 'string') kinds.types.add(type);
  }
}
