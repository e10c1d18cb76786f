export type JsonSchema = boolean | { readonly [key: string]: unknown };
type Fields = Readonly<Record<string, unknown>>;
/** A schema may accept a value in one form and return it in another. `input` is the form in requests, and `output` the form in answers. */
export type Side = 'input' | 'output';

const PREFIX = '#/components/schemas/';

/** Converts the schemas of routes to OpenAPI 3.1. A schema that several routes share, or that refers to itself, becomes a component. */
export class OpenapiSchemas {
  readonly components: Record<string, JsonSchema> = {};
  /** Component names by `$id`. */
  readonly #names = new Map<string, string>();
  readonly #shared = new Set<string>();

  /** @param shared the schemas that were registered with `app.addSchema`, by their `$id` */
  share(shared: Readonly<Record<string, unknown>>): void {
    for (const [id, schema] of Object.entries(shared)) {
      if (this.#shared.has(id)) continue;
      this.#shared.add(id);
      const name = this.#nameFor(id);
      this.components[name] = this.#rewrite(jsonSchemaOf(schema, 'input'), name) as JsonSchema;
    }
  }

  convert(given: unknown, side: Side): JsonSchema {
    const schema = jsonSchemaOf(given, side);
    if (typeof schema !== 'object' || schema === null) return schema === false ? false : {};
    const { $id } = schema as { $id?: unknown };
    if (typeof $id !== 'string' && !refersToItself(schema)) return this.#rewrite(schema, null) as JsonSchema;
    const isKnown = typeof $id === 'string' && this.#names.has($id);
    const name = this.#nameFor(typeof $id === 'string' ? $id : 'Schema');
    if (!isKnown || this.components[name] === undefined) {
      this.components[name] = {};
      this.components[name] = this.#rewrite(schema, name) as JsonSchema;
    }
    return { $ref: PREFIX + name };
  }

  /** The properties of an object's schema, including those of the schemas that it combines. */
  propertiesOf(given: unknown, side: Side): { properties: Readonly<Record<string, JsonSchema>>; required: readonly string[] } {
    const properties: Record<string, JsonSchema> = {};
    const required: string[] = [];
    const collect = (schema: JsonSchema, depth: number): void => {
      if (typeof schema !== 'object' || depth > 8) return;
      const { $ref, allOf, properties: own, required: needed } = schema as Fields;
      if (typeof $ref === 'string' && $ref.startsWith(PREFIX)) {
        collect(this.components[$ref.slice(PREFIX.length)] ?? {}, depth + 1);
      }
      if (Array.isArray(allOf)) for (const part of allOf) collect(part as JsonSchema, depth + 1);
      if (typeof own === 'object' && own !== null) Object.assign(properties, own);
      if (Array.isArray(needed)) required.push(...(needed as string[]));
    };
    if (given !== undefined) collect(this.convert(given, side), 0);
    return { properties, required };
  }

  #nameFor(id: string): string {
    const known = this.#names.get(id);
    if (known !== undefined) return known;
    const wanted = id.replace(/#$/, '').replace(/[^\w.-]+/g, '_') || 'Schema';
    const taken = new Set(this.#names.values());
    let name = wanted;
    for (let n = 2; taken.has(name) || name in this.components; n += 1) name = `${wanted}_${n}`;
    // A schema without an id gets a key of its own, so that no other schema finds it.
    this.#names.set(id === 'Schema' ? `${id} ${name}` : id, name);
    return name;
  }

  /** @param self the name of the component that contains the schema; null if no component does */
  #rewrite(schema: unknown, self: string | null): unknown {
    if (Array.isArray(schema)) return schema.map((item) => this.#rewrite(item, self));
    if (typeof schema !== 'object' || schema === null) return schema;
    const { $id: _id, $schema: _schema, $ref, nullable, items, additionalItems, ...others } = schema as Fields;
    const written: Record<string, unknown> = {};
    for (const [key, value] of Object.entries(others)) {
      if (value !== undefined && typeof value !== 'function') written[key] = VALUES.has(key) ? value : this.#rewrite(value, self);
    }
    if (typeof $ref === 'string') written.$ref = this.#refOf($ref, self);
    // Before version 2020-12, `items` could be a list of schemas for the first items.
    if (Array.isArray(items)) {
      written.prefixItems = this.#rewrite(items, self);
      if (additionalItems !== undefined) written.items = this.#rewrite(additionalItems, self);
    } else if (items !== undefined) written.items = this.#rewrite(items, self);
    if (nullable === true && typeof written.type === 'string') written.type = [written.type, 'null'];
    return written;
  }

  #refOf(ref: string, self: string | null): string {
    const at = ref.indexOf('#');
    const id = at < 0 ? ref : ref.slice(0, at);
    const pointer = at < 0 ? '' : ref.slice(at + 1);
    if (id === '') return self === null ? ref : `${PREFIX}${self}${pointer}`;
    const name = this.#names.get(id) ?? this.#nameFor(id);
    // The schema may be shared later. Until then, any value fits.
    this.components[name] ??= {};
    return `${PREFIX}${name}${pointer}`;
  }
}

/** The values of these keywords are data and contain no schemas. */
const VALUES = new Set(['enum', 'const', 'default', 'examples', 'example', 'required']);

function refersToItself(schema: unknown): boolean {
  if (Array.isArray(schema)) return schema.some(refersToItself);
  if (typeof schema !== 'object' || schema === null) return false;
  return Object.entries(schema).some(([key, value]) =>
    key === '$ref' ? typeof value === 'string' && value.startsWith('#') : !VALUES.has(key) && refersToItself(value),
  );
}

interface StandardSchema {
  readonly '~standard'?: { readonly jsonSchema?: Readonly<Record<Side, (options: { target: string }) => unknown>> };
  readonly toJSONSchema?: () => unknown;
}

/** The JSON Schema of a schema of another library (https://standardschema.dev/json-schema), such as Zod; `{}` if it has none. */
function jsonSchemaOf(given: unknown, side: Side): unknown {
  if (typeof given !== 'object' || given === null || !('~standard' in given)) return given;
  const { '~standard': standard, toJSONSchema } = given as StandardSchema;
  try {
    return standard?.jsonSchema?.[side]({ target: 'draft-2020-12' }) ?? toJSONSchema?.call(given) ?? {};
  } catch {
    // Some schemas, for example transforms, have no form in JSON Schema.
    return {};
  }
}
