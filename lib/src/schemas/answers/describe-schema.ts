import { beginningOf } from '../../core/index.js';
import { type JsonSchema, resolved } from '../class-schema.js';
import { losesDigits } from './lost-digits.js';

type Defs = Readonly<Record<string, JsonSchema>>;

const MOST_CHOICES = 12;

/** Describes in words what a schema accepts, for example `a text of at least 2 characters`. */
export function expectedBy(schema: JsonSchema, defs: Defs): string {
  const whole = resolved(schema, defs);
  if ('const' in whole) return shown(whole.const);
  if (Array.isArray(whole.enum)) return choices(whole.enum.map(shown));
  const unions = (whole.anyOf ?? whole.oneOf) as readonly JsonSchema[] | undefined;
  if (unions !== undefined) {
    const { discriminator } = whole as { discriminator?: { propertyName: string } };
    if (discriminator === undefined) return choices([...new Set(unions.map((one) => expectedBy(one, defs)))]);
    return `an object whose ${discriminator.propertyName} is ${choices(unions.map((one) => tagOf(one, discriminator.propertyName, defs)))}`;
  }
  const { type } = whole;
  if (Array.isArray(type)) return choices(type.map((one) => expectedBy({ ...whole, type: one as string }, defs)));
  return typeof type === 'string' ? (KINDS[type]?.(whole) ?? type) : whole.not === undefined ? 'any value' : 'nothing';
}

const KINDS: Readonly<Record<string, (schema: JsonSchema) => string>> = {
  string: (schema) => {
    if (schema.contentEncoding === 'base64') return 'a text in base64';
    if (schema.format === 'binary') return 'a file';
    const format = typeof schema.format === 'string' ? ` in the format ${schema.format}` : '';
    const pattern = typeof schema.pattern === 'string' ? ` that matches /${schema.pattern}/` : '';
    return `a text${range(schema.minLength, schema.maxLength, 'characters')}${format}${pattern}`;
  },
  number: (schema) => `a number${bounds(schema)}`,
  integer: (schema) => `an integer${bounds(schema)}`,
  boolean: () => 'true or false',
  null: () => 'null',
  array: (schema) =>
    `a list${range(schema.minItems, schema.maxItems, 'items')}${schema.uniqueItems === true ? ', each only once' : ''}`,
  object: (schema) => `an object${range(schema.minProperties, schema.maxProperties, 'properties')}`,
};

function tagOf(schema: JsonSchema, name: string, defs: Defs): string {
  const { properties = {} } = resolved(schema, defs) as { properties?: Readonly<Record<string, JsonSchema>> };
  return shown(properties[name]?.const);
}

function range(least: unknown, most: unknown, what: string): string {
  if (least !== undefined && least === most) return ` of ${least} ${what}`;
  if (least !== undefined && most !== undefined) return ` of ${least} to ${most} ${what}`;
  if (least !== undefined && least !== 0) return ` of at least ${least} ${what}`;
  return most === undefined ? '' : ` of at most ${most} ${what}`;
}

function bounds({ minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf, format }: JsonSchema): string {
  const parts = [
    minimum === undefined ? '' : `of at least ${minimum}`,
    exclusiveMinimum === undefined ? '' : `above ${exclusiveMinimum}`,
    maximum === undefined ? '' : `of at most ${maximum}`,
    exclusiveMaximum === undefined ? '' : `below ${exclusiveMaximum}`,
    multipleOf === undefined ? '' : `that is a multiple of ${multipleOf}`,
    typeof format === 'string' ? `in the format ${format}` : '',
  ].filter((part) => part !== '');
  return parts.length === 0 ? '' : ` ${parts.join(' and ')}`;
}

function choices(all: readonly string[]): string {
  const few = all.length > MOST_CHOICES ? [...all.slice(0, MOST_CHOICES), `${all.length - MOST_CHOICES} others`] : all;
  return few.length <= 1 ? (few[0] ?? 'nothing') : `${few.slice(0, -1).join(', ')} or ${few.at(-1)}`;
}

const LONGEST = 40;

/** Shows a value in a message, in about 40 characters at most. */
export function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  if (typeof value !== 'string') return String(value);
  const short = value.length > LONGEST ? `${beginningOf(value, LONGEST)}…` : value;
  return `'${short.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ')}'`;
}

export const NOT_EXACT = 'which a number cannot hold exactly; the types bigint and string can';

/** What a message adds about a text that is such a number, and is not converted; `''` for anything else. */
export const aboutDigits = (expected: string, got: unknown): string =>
  typeof got === 'string' && /\b(number|integer)\b/.test(expected) && losesDigits(got) ? `, ${NOT_EXACT}` : '';
