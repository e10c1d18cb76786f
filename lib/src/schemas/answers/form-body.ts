import { aboutInput, type LimitedRequest, limitBody, MAX_UPLOAD_BYTES } from '../../core/index.js';
import { type BodySchema, type ClassSchema, JAVASCRIPT, type JsonSchema, resolved } from '../class-schema.js';
import { WrongBodyType } from '../errors.js';
import { expectedBy, shown } from './describe-schema.js';
import { lostDigits } from './lost-digits.js';
import { type Revive, revived, reviverOf } from './revive.js';
import { textReader } from './text-values.js';
import type { Check, Issue, Validators } from './validators.js';

type Read = (values: readonly (string | File)[]) => unknown;

interface Field {
  readonly name: string;
  readonly isFile: boolean;
  readonly isList: boolean;
  readonly isRequired: boolean;
  readonly expected: string;
  readonly read: Read;
  /** Whether the value of an empty text is one of the field. */
  readonly takesEmpty: (value: unknown) => boolean;
}

/**
 * Reads a body as a multipart form. A field is a file or a text. Texts are read like URL parameters; if the schema has an object or a list of lists in it, the
 * text is JSON.
 */
export class FormBody {
  readonly #fields: readonly Field[];
  /** Checks the fields that are not files. */
  readonly #check: Check;
  readonly #revive: Revive | null;
  readonly #isRequired: boolean;

  constructor({ schema, required: isRequired }: BodySchema, whole: ClassSchema, validators: Validators) {
    this.#isRequired = isRequired;
    const { defs } = whole;
    const form = resolved(schema, defs) as { properties?: Record<string, JsonSchema>; required?: readonly string[] };
    const { properties = {}, required = [] } = form;
    this.#fields = Object.entries(properties).map(([name, own]) => fieldOf(name, own, required.includes(name), defs, validators));
    const files = new Map(this.#fields.filter(({ isFile }) => isFile).map((field) => [field.name, field] as const));
    const checkedIn = (name: string, own: JsonSchema): JsonSchema => {
      const field = files.get(name);
      return field === undefined
        ? own
        : field.isList
          ? { type: 'array', ...limitsOf(resolved(own, defs)), ...limitsOf(own) }
          : {};
    };
    const rest: JsonSchema = {
      ...form,
      properties: Object.fromEntries(Object.entries(properties).map(([name, own]) => [name, checkedIn(name, own)])),
      required: required.filter((name) => !files.has(name)),
    };
    this.#check = validators.check(rest, 'body', 'body');
    this.#revive = reviverOf(rest, whole, validators);
  }

  /** @throws NBS_WRONG_BODY_TYPE, NBS_REQUEST_TOO_LARGE, and what `formData` throws if the body is not a valid form */
  async read(
    request: LimitedRequest & { formData(): Promise<FormData>; arrayBuffer(): Promise<ArrayBuffer> },
    issues: Issue[],
  ): Promise<unknown> {
    limitBody(request, MAX_UPLOAD_BYTES);
    const type = request.headers.get('content-type') ?? '';
    if (type === '' && !this.#isRequired && (await request.arrayBuffer()).byteLength === 0) return undefined;
    if (!/^multipart\/form-data\b|^application\/x-www-form-urlencoded\b/i.test(type))
      throw aboutInput(WrongBodyType({ type: type === '' ? 'not said' : shown(type), expected: 'multipart/form-data' }));
    const form = await request.formData();
    const values: Record<string, unknown> = {};
    for (const field of this.#fields) {
      const given = form.getAll(field.name);
      const all = field.isFile ? given.filter((one) => !isLeftEmpty(one)) : given;
      if (!field.isFile && all.some((one) => typeof one !== 'string')) {
        issues.push({ in: 'body', field: `body.${field.name}`, expected: field.expected, got: 'a file' });
        continue;
      }
      const sent = all.length === 0 ? undefined : field.read(all as (string | File)[]);
      const isMissing = sent === undefined || (!field.isRequired && all.every(isLeftEmpty) && !field.takesEmpty(sent));
      const value = !isMissing ? sent : field.isList && field.isRequired ? [] : undefined;
      if (value !== undefined) values[field.name] = value;
      if (!field.isFile || (value === undefined && !field.isRequired) || isFiles(value)) continue;
      issues.push({ in: 'body', field: `body.${field.name}`, expected: field.expected, got: shown(value) });
    }
    const told = new Set(issues.map((issue) => issue.field));
    const wrong = this.#check(values);
    if (wrong !== null) issues.push(...wrong.filter((issue) => !told.has(issue.field)));
    return issues.length > 0 ? values : revived(this.#revive, values, issues);
  }
}

/** The number of files in a list, which is checked apart from the files. */
const limitsOf = ({ minItems, maxItems }: JsonSchema): JsonSchema => ({
  ...(minItems === undefined ? {} : { minItems }),
  ...(maxItems === undefined ? {} : { maxItems }),
});

/** Browsers send this for an input that was left empty: an empty text, or a file without a name and without bytes. */
const isLeftEmpty = (one: string | File): boolean => (typeof one === 'string' ? one === '' : one.name === '' && one.size === 0);

const isFiles = (value: unknown): boolean =>
  Array.isArray(value) ? value.every((one) => one instanceof Blob) : value instanceof Blob;

function fieldOf(name: string, own: JsonSchema, isRequired: boolean, defs: ClassSchema['defs'], validators: Validators): Field {
  const schema = resolved(own, defs);
  const isList = schema.type === 'array';
  const items = isList && typeof schema.items === 'object' ? (schema.items as JsonSchema) : {};
  const isFile = (isList ? resolved(items, defs) : schema).format === 'binary';
  const expected = isFile && isList ? 'files' : expectedBy(schema, defs);
  let takes: ((value: unknown) => boolean) | undefined;
  const takesEmpty = (value: unknown): boolean => {
    takes ??= validators.accepts(own);
    return takes(value);
  };
  const common = { name, isFile, isList, isRequired, expected, takesEmpty };
  if (isFile) return { ...common, read: (values) => (isList ? values : values[0]) };
  const asTexts = textReader(schema, defs) as Read;
  if (!isJson(schema, defs, false)) return { ...common, read: asTexts };
  const matches = validators.accepts(schema);
  const accepts = (value: unknown): boolean => {
    try {
      return matches(value);
    } catch (error) {
      // The value is nested too deeply, which the check then reports.
      if (!(error instanceof RangeError)) throw error;
      return false;
    }
  };
  return {
    ...common,
    read: (values) => {
      const parsed = values.map(jsonOr);
      const [first] = parsed;
      // A list may be one text, or a text for each of its items; and a text may be one itself.
      const forms = values.length > 1 ? [parsed] : isList && !Array.isArray(first) ? [[first], first] : [first, [first]];
      return [...forms, asTexts(values)].find((form) => accepts(form)) ?? forms[0];
    },
  };
}

/** True if values of the schema can be objects or lists that are not written as a text for each item. */
function isJson(schema: JsonSchema, defs: ClassSchema['defs'], isItem: boolean): boolean {
  const whole = resolved(schema, defs);
  if (whole[JAVASCRIPT] !== undefined) return isItem && whole.type === 'array';
  const members = (whole.anyOf ?? whole.oneOf) as readonly JsonSchema[] | undefined;
  if (members !== undefined) return members.some((one) => isJson(one, defs, isItem));
  if ([whole.type].flat().includes('object')) return true;
  if (whole.type !== 'array') return false;
  const items = [
    ...((whole.prefixItems ?? []) as readonly JsonSchema[]),
    ...(typeof whole.items === 'object' ? [whole.items] : []),
  ];
  return isItem || items.some((one) => isJson(one as JsonSchema, defs, true));
}

/** A text that is not JSON, or in which a number would lose digits, stays a text, and the check then reports it. */
function jsonOr(value: unknown): unknown {
  try {
    const text = String(value);
    const parsed: unknown = JSON.parse(text);
    return lostDigits(text, parsed) === null ? parsed : value;
  } catch {
    return value;
  }
}
