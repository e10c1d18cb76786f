import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { type ClassSchema, JAVASCRIPT, type JsonSchema, resolved } from '../class-schema.js';
import { aboutDigits, expectedBy, NOT_EXACT, shown } from './describe-schema.js';
import { lostDigits } from './lost-digits.js';

/** One fault of a request. */
export interface Issue {
  readonly in: 'body' | 'path' | 'query';
  /** The place of the fault, for example `body.items[2].text`. */
  readonly field: string;
  readonly expected: string;
  readonly got: string;
}

export type Check = (value: unknown) => readonly Issue[] | null;

/**
 * `meta: false`, because our schemas need no check, and compiling the meta-schema takes 26 ms. No value is converted, so 5 is not accepted as a text.
 * `strictNumbers`, because JSON.parse reads 1e400 as Infinity, which no answer can contain.
 */
const OPTIONS = {
  strict: false,
  strictNumbers: true,
  discriminator: true,
  coerceTypes: false,
  validateSchema: false,
  meta: false,
  verbose: true,
  ownProperties: true,
} as const;
const MOST_ISSUES = 20;
/** In a larger body, only the first fault is reported, so that a client cannot cause much work with a body that has many faults. */
const ALL_UP_TO_ITEMS = 1000;

/** Compiles checks for the schemas of one class. */
export class Validators {
  readonly #schema: ClassSchema;
  #first: Ajv2020 | undefined;
  #all: Ajv2020 | undefined;

  constructor(schema: ClassSchema) {
    this.#schema = schema;
  }

  /** @param root the name of the value in messages: `body`, or the name of a parameter */
  check(schema: JsonSchema, place: Issue['in'], root: string): Check {
    this.#first ??= this.#ajv(false);
    const isValid = this.#first.compile(this.#whole(schema));
    let all: ValidateFunction | undefined;
    const check: Check = (value) => {
      if (isValid(value) === true) return null;
      let errors = isValid.errors ?? [];
      if (sizeOf(value, ALL_UP_TO_ITEMS) < ALL_UP_TO_ITEMS) {
        this.#all ??= this.#ajv(true);
        all ??= this.#all.compile(this.#whole(schema));
        all(value);
        errors = all.errors ?? errors;
      }
      return this.#issues(errors, place, root);
    };
    return (value) => {
      try {
        return check(value);
      } catch (error) {
        // A recursive type lets the sender nest a value so deeply that the check overflows the stack.
        if (!(error instanceof RangeError)) throw error;
        return [tooDeep(value, place, root)];
      }
    };
  }

  /** Returns a function that tells whether a value matches a schema. */
  accepts(schema: JsonSchema): (value: unknown) => boolean {
    this.#first ??= this.#ajv(false);
    const isValid = this.#first.compile(this.#whole(schema));
    return (value) => isValid(value) === true;
  }

  #whole(schema: JsonSchema): object {
    return { ...schema, $defs: this.#schema.defs };
  }

  #ajv(allErrors: boolean): Ajv2020 {
    const ajv = new Ajv2020({ ...OPTIONS, allErrors });
    (formats as unknown as (ajv: Ajv2020) => void)(ajv);
    const isUrl = ajv.formats.url as RegExp;
    ajv.addFormat('url', (text: string) => text.length <= MOST_URL_CHARACTERS && isUrl.test(text));
    ajv.addKeyword({ keyword: JAVASCRIPT, type: 'string', validate: canBe, errors: false });
    // Those of Ajv compare each object of a list with each other one, and take 0.3 for no multiple of 0.1.
    ajv.removeKeyword('uniqueItems').addKeyword({ keyword: 'uniqueItems', type: 'array', validate: isUnique, errors: false });
    ajv.removeKeyword('multipleOf').addKeyword({ keyword: 'multipleOf', type: 'number', validate: isMultiple, errors: false });
    return ajv;
  }

  #issues(errors: readonly ErrorObject[], place: Issue['in'], root: string): readonly Issue[] {
    const issues = new Map<string, Issue>();
    for (const error of mostTelling(errors, this.#schema.defs)) {
      const issue = this.#issue(error, place, root);
      const before = issues.get(issue.field);
      if (before === undefined) issues.set(issue.field, issue);
      // The members of a union that a literal tells apart: any of the literals is right.
      else if (isTag(error) && !before.expected.split(' or ').includes(issue.expected))
        issues.set(issue.field, { ...before, expected: `${before.expected} or ${issue.expected}` });
      if (issues.size >= MOST_ISSUES) break;
    }
    return [...issues.values()];
  }

  #issue(error: ErrorObject, place: Issue['in'], root: string): Issue {
    const { defs } = this.#schema;
    const field = fieldOf(root, error.instancePath);
    const schema = (error.parentSchema ?? {}) as JsonSchema;
    if (error.keyword === 'required') {
      const { missingProperty: name } = error.params as { missingProperty: string };
      const own = (schema.properties as Readonly<Record<string, JsonSchema>> | undefined)?.[name] ?? {};
      return { in: place, field: join(field, name), expected: expectedBy(own, defs), got: 'nothing' };
    }
    if (error.keyword === 'additionalProperties') {
      const { additionalProperty: name } = error.params as { additionalProperty: string };
      return { in: place, field: join(field, name), expected: 'a number as the name', got: shown(name) };
    }
    const expected = expectedBy(schema, defs);
    return { in: place, field, expected, got: shown(error.data) + aboutDigits(expected, error.data) };
  }
}

/** The fault of a value whose nesting overflows the stack. */
export const tooDeep = (value: unknown, place: Issue['in'], root: string): Issue => ({
  in: place,
  field: root,
  expected: 'a value that is not nested so deeply',
  got: shown(value),
});

const MOST_STEPS = 50;

/** The fault of a body with a number that has lost digits when it was parsed. */
export function lostDigitsIn(text: string, value: unknown): Issue | null {
  const lost = lostDigits(text, value);
  if (lost === null) return null;
  const expected = 'a number of fewer digits, or a text';
  const field = lost.path.length > MOST_STEPS ? 'body' : lost.path.reduce(join, 'body');
  return { in: 'body', field, expected, got: `${shortDigits(lost.digits)}, ${NOT_EXACT}` };
}

const shortDigits = (digits: string): string => (digits.length > 40 ? `${digits.slice(0, 40)}…` : digits);

/** Together with a length that is a multiple of 4. An expression for groups of 4 would overflow the stack with a long text. */
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
/** The expression of the format `url` takes quadratic time: 0.1 seconds for so many characters. */
const MOST_URL_CHARACTERS = 4096;

/** True if the class can be made from the text. The formats alone are not enough: they accept a leap second, which `Date` does not. */
function canBe(name: string, text: string): boolean {
  if (name === 'Date') return !Number.isNaN(Date.parse(text));
  if (name === 'URL') return URL.canParse(text);
  return name === 'bigint' || name === 'File' || name === 'Blob' || (text.length % 4 === 0 && BASE64.test(text));
}

/** True if each item is in the list only once. Two objects are the same if they have the same properties in any order. */
const isUnique = (wanted: boolean, list: readonly unknown[]): boolean =>
  !wanted || new Set(list.map((item) => JSON.stringify(item, inOrder))).size === list.length;

const inOrder = (_: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value;

/** True for a multiple of the step. A quotient of two decimals may be wrong in its last bits, as in 0.3 / 0.1. */
function isMultiple(step: number, value: number): boolean {
  if (Number.isInteger(step)) return value % step === 0;
  const quotient = value / step;
  return Math.abs(quotient - Math.round(quotient)) <= 2 * Number.EPSILON * Math.abs(quotient);
}

/**
 * If no member of a union matches, Ajv reports the faults of all members. This keeps the faults inside the member that is closest to the value; if no member
 * is close, it keeps one fault for the whole union.
 */
function mostTelling(errors: readonly ErrorObject[], defs: ClassSchema['defs']): readonly ErrorObject[] {
  const unions = errors.filter(({ keyword }) => keyword === 'anyOf' || keyword === 'oneOf');
  let left = errors;
  for (const union of unions) {
    const inside = left.filter((error) => error !== union && isBelow(error.schemaPath, union));
    const deeper = inside.filter(
      ({ instancePath, keyword }) => instancePath.length > union.instancePath.length || keyword === 'required',
    );
    const kept = deeper.length > 0 ? closest(deeper, union, defs) : [union];
    left = left.filter((error) => (error === union || inside.includes(error) ? kept.includes(error) : true));
  }
  return left.length > 0 ? left : errors;
}

/**
 * Keeps the faults in the members of a union whose literals match the value, such as `{ ok: true; … }` for `{ ok: true }`. If the literals of no member match, it
 * keeps those faults alone.
 */
function closest(errors: readonly ErrorObject[], union: ErrorObject, defs: ClassSchema['defs']): readonly ErrorObject[] {
  const alternatives = literalsOfAll(union.schema as readonly JsonSchema[], defs);
  const members = new Map<string, ErrorObject[]>();
  for (const error of errors) {
    const member = memberOf(error, union);
    members.set(member, [...(members.get(member) ?? []), error]);
  }
  const isWrongTag = (error: ErrorObject): boolean =>
    isTag(error) &&
    depthOf(error) === depthOf(union) + 1 &&
    // One of several literals is a usual value, unless each member has some there.
    (error.keyword !== 'enum' || alternatives.has(error.instancePath.split('/').at(-1) as string));
  const all = [...members.values()];
  const matching = all.filter((own) => !own.some(isWrongTag));
  if (matching.length === all.length) return errors;
  if (matching.length > 0) return matching.flat();
  const tags = all.map((own) => new Set(own.filter(isWrongTag).map(tagOf)));
  const common = [...(tags[0] ?? [])].filter((tag) => tags.every((own) => own.has(tag)));
  return common.length === 0 ? errors : errors.filter((error) => isWrongTag(error) && common.includes(tagOf(error)));
}

/** The properties for which each member of a union has literals. */
function literalsOfAll(members: readonly JsonSchema[], defs: ClassSchema['defs']): ReadonlySet<string> {
  const all = members.map((member) => {
    const { properties = {} } = resolved(member, defs) as {
      properties?: Readonly<Record<string, JsonSchema>>;
    };
    return Object.keys(properties).filter((name) => {
      const property = properties[name] as JsonSchema;
      return 'const' in property || 'enum' in property;
    });
  });
  return new Set((all[0] ?? []).filter((name) => all.every((own) => own.includes(name))));
}

/** True for a literal that is wrong, or missing. */
function isTag({ keyword, params, parentSchema }: ErrorObject): boolean {
  if (keyword === 'const' || keyword === 'enum') return true;
  if (keyword !== 'required') return false;
  const { properties = {} } = (parentSchema ?? {}) as { properties?: Readonly<Record<string, JsonSchema>> };
  return 'const' in (properties[(params as { missingProperty: string }).missingProperty] ?? {});
}

const tagOf = ({ keyword, params, instancePath }: ErrorObject): string =>
  keyword === 'required' ? `${instancePath}/${(params as { missingProperty: string }).missingProperty}` : instancePath;

const depthOf = (error: ErrorObject): number =>
  (error.keyword === 'anyOf' || error.keyword === 'oneOf' ? error.instancePath : tagOf(error)).split('/').length;

/** The member of the union, or the definition, in which the fault is. */
function memberOf({ schemaPath }: ErrorObject, { schemaPath: own }: ErrorObject): string {
  const rest = schemaPath.startsWith(`${own}/`) ? schemaPath.slice(own.length + 1) : schemaPath;
  const at = schemaPath.startsWith(`${own}/`) ? 1 : 3;
  return rest.split('/').slice(0, at).join('/');
}

/**
 * True if the path is inside the union. A member that is a definition has a path of its own, so any definition counts here; the caller also compares the
 * place of the value.
 */
const isBelow = (path: string, union: ErrorObject): boolean =>
  path.startsWith(`${union.schemaPath}/`) || path.startsWith('#/$defs/');

function fieldOf(root: string, pointer: string): string {
  const steps = pointer.split('/').slice(1);
  return steps.reduce((field, step) => join(field, step.replaceAll('~1', '/').replaceAll('~0', '~')), root);
}

function join(field: string, step: string): string {
  if (/^\d+$/.test(step)) return `${field}[${step}]`;
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(step) ? `${field}.${step}` : `${field}[${JSON.stringify(step)}]`;
}

/** Counts the values inside a value, up to a limit. */
function sizeOf(value: unknown, limit: number): number {
  if (typeof value !== 'object' || value === null) return 1;
  let size = 1;
  for (const item of Array.isArray(value) ? value : Object.values(value)) {
    size += sizeOf(item, limit - size);
    if (size >= limit) return size;
  }
  return size;
}
