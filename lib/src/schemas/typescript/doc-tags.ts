import { getTokenPosOfNode, type Node } from 'typescript7/unstable/ast';
import type { Checker, Symbol as TypeSymbol } from 'typescript7/unstable/sync';
import type { JsonSchema } from '../class-schema.js';
import { declarationOf } from './type-nodes.js';

const NUMBERS = new Set(
  'minimum maximum exclusiveMinimum exclusiveMaximum multipleOf minLength maxLength minItems maxItems minProperties maxProperties'.split(
    ' ',
  ),
);
/** The tags whose number is a count. */
const COUNTS = /^(min|max)(Length|Items|Properties)$/;
const FLAGS = new Set(['uniqueItems', 'deprecated', 'readOnly', 'writeOnly']);
const TEXTS = new Set(['title', 'contentMediaType']);

/** The formats that are checked. https://ajv.js.org/packages/ajv-formats.html */
const FORMATS = new Set(
  'date time date-time duration uri uri-reference uri-template email hostname ipv4 ipv6 regex uuid json-pointer relative-json-pointer byte int32 int64 float double password iso-time iso-date-time'.split(
    ' ',
  ),
);

interface Tag {
  readonly name: string;
  readonly text: string;
}

interface Docs {
  readonly description: string;
  readonly tags: readonly Tag[];
}

/** JSON types, and `files` → the tags that apply to them. */
const MEANT_FOR: Readonly<Record<string, readonly string[]>> = {
  number: ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf', 'integer', 'format'],
  string: ['minLength', 'maxLength', 'pattern', 'format'],
  array: ['minItems', 'maxItems', 'uniqueItems'],
  object: ['minProperties', 'maxProperties'],
  files: ['minItems', 'maxItems'],
};
const CHECKED = new Set(Object.values(MEANT_FOR).flat());

/** True if the documentation says something that is checked. */
export const checksAny = (docs: JsonSchema): boolean => Object.keys(docs).some((tag) => CHECKED.has(tag));

/** The documentation without the tags that would check nothing, because they are for other JSON types. */
export function fittingIn(docs: JsonSchema, types: ReadonlySet<string>): JsonSchema {
  const meant = new Set([...types].flatMap((type) => MEANT_FOR[type] ?? []));
  return Object.fromEntries(
    Object.entries(docs).filter(([tag]) => !CHECKED.has(tag) || types.size === 0 || meant.has(tag)),
  ) as JsonSchema;
}

export type RefuseTag = (tag: string, why: string) => never;

/**
 * Adds the documentation of a symbol to its schema. A tag that would check nothing is refused, because its author relies on it.
 * @param types JSON types that the schema accepts; none if it accepts any
 * @throws what `refuse` throws
 */
export function withDocs(schema: JsonSchema, docs: JsonSchema, types: ReadonlySet<string>, refuse: RefuseTag): JsonSchema {
  const { integer, ...others } = docs;
  const fitting = fittingIn(docs, types);
  for (const tag of Object.keys(docs)) {
    if (tag in fitting) continue;
    refuse(
      `@${tag}`,
      `it is not for ${[...types].join(' or ')}; for the items of an array, give their type a name and write the tag above its declaration`,
    );
  }
  if (integer !== true) return { ...schema, ...others };
  const { type } = schema;
  if (type === 'number') return { ...schema, ...others, type: 'integer' };
  if (Array.isArray(type))
    return { ...schema, ...others, type: type.map((one: unknown) => (one === 'number' ? 'integer' : one)) };
  return { ...schema, ...others, multipleOf: 1 };
}

/** Reads the documentation of a symbol. @throws what `refuse` throws if a tag has no meaning */
export function docsOf(checker: Checker, symbol: TypeSymbol, refuse: RefuseTag): JsonSchema {
  const { description, tags } = read(checker, symbol);
  const out: Record<string, unknown> = description === '' ? {} : { description };
  for (const { name, text } of tags) {
    const tag = `@${name}${text === '' ? '' : ` ${text}`}`;
    if (NUMBERS.has(name)) out[name] = numberOf(name, text) ?? refuse(tag, wrongNumber(name));
    else if (FLAGS.has(name)) out[name] = true;
    else if (TEXTS.has(name)) out[name] = text;
    else if (name === 'format') out.format = FORMATS.has(text) ? text : refuse(tag, wrongFormat(text));
    else if (name === 'pattern') out.pattern = isPattern(text) ? text : refuse(tag, 'it is no regular expression');
    else if (name === 'default') out.default = jsonOr(text);
    else if (name === 'example') out.examples = [...((out.examples as unknown[] | undefined) ?? []), jsonOr(text)];
    else if (name === 'integer') out.integer = true;
  }
  return out;
}

function read(checker: Checker, symbol: TypeSymbol): Docs {
  const description = symbol.getDocumentationComment(checker).trim();
  const tags = symbol.getJsDocTags(checker).map(({ name, text = '' }) => ({ name, text: text.trim() }));
  if (description !== '' || tags.length > 0) return { description, tags: tags.flatMap(severalIn) };
  return besideName(symbol) ?? { description, tags: [] };
}

/** TypeScript reads `@minimum 0 @maximum 1` on one line as one tag; this splits it. */
function severalIn(tag: Tag): readonly Tag[] {
  if (tag.name === 'pattern' || tag.name === 'example' || tag.name === 'default') return [tag];
  const [first = '', ...others] = tag.text.split(/\s+@(?=[a-zA-Z])/);
  return [{ name: tag.name, text: first.trim() }, ...others.map(tagOf)];
}

function tagOf(text: string): Tag {
  const [, name = '', value = ''] = /^(\w+)\s*([\s\S]*)$/.exec(text) ?? [];
  return { name, text: value.trim() };
}

/** Reads a comment that stands on the same line as the token before it, such as `{ /** @minLength 2 *\/ text: string }`, because TypeScript ignores it. */
function besideName(symbol: TypeSymbol): Docs | undefined {
  const node = declarationOf(symbol) as (Node & { readonly name?: Node }) | undefined;
  if (node?.name === undefined) return undefined;
  const file = sourceFileOf(node);
  const before = file.text.slice(node.pos, getTokenPosOfNode(node.name, file as never));
  const [, comment] = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/[^\n]*$/.exec(before) ?? [];
  if (comment === undefined) return undefined;
  const [description = '', ...tags] = comment
    .replace(/\n\s*\*?/g, '\n')
    .trim()
    .split(/(?:^|\s+)@(?=[a-zA-Z])/);
  return { description: description.trim(), tags: tags.map(tagOf) };
}

function sourceFileOf(node: Node): { readonly text: string } {
  let at = node as Node & { readonly parent?: Node };
  while (at.parent !== undefined) at = at.parent;
  return at as unknown as { readonly text: string };
}

function numberOf(name: string, text: string): number | undefined {
  const number = text === '' ? Number.NaN : Number(text);
  if (!Number.isFinite(number)) return undefined;
  const isWrong = COUNTS.test(name) ? number < 0 || !Number.isInteger(number) : name === 'multipleOf' && number <= 0;
  return isWrong ? undefined : number;
}

function wrongNumber(name: string): string {
  const which = name === 'multipleOf' ? 'number above 0' : COUNTS.test(name) ? 'whole number from 0 on' : 'number';
  return `a ${which} belongs behind it`;
}

function isPattern(text: string): boolean {
  try {
    return text !== '' && new RegExp(text, 'u') instanceof RegExp;
  } catch {
    return false;
  }
}

function jsonOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function wrongFormat(text: string): string {
  const all = `the formats are ${[...FORMATS].join(', ')}`;
  return text === 'binary' ? `write File for a file, and Uint8Array for bytes; ${all}` : all;
}
