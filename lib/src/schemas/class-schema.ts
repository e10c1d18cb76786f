/** The types of a deployment's routes as data. This is made by the process that knows the types, and is sent to the replicas with the deployment. */

export type RouteVerb = 'get' | 'post' | 'put' | 'patch' | 'delete';

/**
 * JSON Schema 2020-12. A `$ref` names one of {@link ClassSchema.defs} as `#/$defs/<name>`. The only keyword that is not in the standard is {@link
 * JAVASCRIPT}.
 */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
}

/** A keyword of our own: the JavaScript class of the value that the JSON represents. */
export const JAVASCRIPT = 'x-javascript';

export interface ClassSchema {
  /** The name of the class. */
  readonly name: string;
  readonly description?: string;
  readonly routes: readonly RouteSchema[];
  readonly defs: Readonly<Record<string, JsonSchema>>;
}

/** The kinds of a method's parameters, in their order. `params` is one object of path and query parameters. */
export type RouteArgument = 'body' | 'params' | 'request';

export interface RouteSchema {
  readonly method: string;
  readonly verb: RouteVerb;
  /** The path of the route, for example `/items/:id`. */
  readonly path: string;
  readonly description?: string;
  readonly deprecated?: true;
  readonly takes: readonly RouteArgument[];
  /** True for `@serve.batch`: the method takes a list of bodies (or of objects of parameters) and returns a list. */
  readonly isBatched: boolean;
  readonly body?: BodySchema;
  readonly params: readonly ParamSchema[];
  /** True if the method may be called without the object of parameters. It is then made only if one of them is sent. */
  readonly paramsOptional?: true;
  readonly result: ResultSchema;
}

export interface BodySchema {
  readonly form: 'json' | 'multipart' | 'bytes';
  readonly required: boolean;
  readonly schema: JsonSchema;
  readonly description?: string;
}

export interface ParamSchema {
  readonly name: string;
  readonly in: 'path' | 'query';
  readonly required: boolean;
  readonly schema: JsonSchema;
}

export interface ResultSchema {
  /** `any` if the method returns a `Response`, whose type says nothing about the content. */
  readonly form: 'json' | 'bytes' | 'text' | 'nothing' | 'stream' | 'any';
  /** The schema of the JSON, or of each item of a stream. */
  readonly schema?: JsonSchema;
  /** True if the method may return `undefined`, which is answered with status 204. */
  readonly canBeNothing?: true;
  readonly description?: string;
}

/** Follows a `$ref` to the schema that it names; returns any other schema as it is. */
export function resolved(schema: JsonSchema, defs: Readonly<Record<string, JsonSchema>>): JsonSchema {
  const { $ref } = schema;
  return typeof $ref === 'string' ? resolved(defs[$ref.slice('#/$defs/'.length)] ?? {}, defs) : schema;
}

/** True for a schema whose values are texts in JavaScript too. The `Date` of a result, for example, is a text only in JSON. */
export function isText(schema: JsonSchema, defs: Readonly<Record<string, JsonSchema>>): boolean {
  const whole = resolved(schema, defs);
  const values = 'const' in whole ? [whole.const] : (whole.enum as readonly unknown[] | undefined);
  if (values !== undefined) return values.every((value) => typeof value === 'string');
  const members = (whole.anyOf ?? whole.oneOf) as readonly JsonSchema[] | undefined;
  if (members !== undefined) return members.every((one) => isText(one, defs));
  // The digits of a BigInt are written before the result is sent.
  return whole.type === 'string' && (whole[JAVASCRIPT] === undefined || whole[JAVASCRIPT] === 'bigint');
}

/** True for a resolved schema of bytes, such as those of a `Uint8Array`. In JSON, they are a text in base64. */
export const isBytes = (schema: JsonSchema): boolean => schema[JAVASCRIPT] !== undefined && schema.contentEncoding === 'base64';
