/** What the types of a deployment's routes say, as data: it is made beside the types, and travels to the replicas with the deployment. */

export type RouteVerb = 'get' | 'post' | 'put' | 'patch' | 'delete';

/** JSON Schema 2020-12; `$ref` names one of {@link ClassSchema.defs} as `#/$defs/<name>`. Besides the standard's words there is {@link JAVASCRIPT}. */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
}

/** Keyword of our own: which class the JavaScript value has that the JSON stands for. */
export const JAVASCRIPT = 'x-javascript';

export interface ClassSchema {
  /** Name of the class. */
  readonly name: string;
  readonly description?: string;
  readonly routes: readonly RouteSchema[];
  readonly defs: Readonly<Record<string, JsonSchema>>;
}

/** What the method takes, in its order. `params`: one object of path and query parameters. */
export type RouteArgument = 'body' | 'params' | 'request';

export interface RouteSchema {
  readonly method: string;
  readonly verb: RouteVerb;
  /** `/items/:id` */
  readonly path: string;
  readonly description?: string;
  readonly deprecated?: true;
  readonly takes: readonly RouteArgument[];
  /** The method takes a list of bodies (or of objects of parameters) and answers with a list: `@serve.batch`. */
  readonly isBatched: boolean;
  readonly body?: BodySchema;
  readonly params: readonly ParamSchema[];
  readonly result: ResultSchema;
}

export interface BodySchema {
  readonly form: 'json' | 'multipart' | 'bytes';
  readonly required: boolean;
  readonly schema: JsonSchema;
}

export interface ParamSchema {
  readonly name: string;
  readonly in: 'path' | 'query';
  readonly required: boolean;
  readonly schema: JsonSchema;
}

export interface ResultSchema {
  /** `any`: a `Response` of the method's own, of which its type says no more. */
  readonly form: 'json' | 'bytes' | 'text' | 'nothing' | 'stream' | 'any';
  /** The schema of the JSON, or of the items of a stream. */
  readonly schema?: JsonSchema;
  /** `undefined` is one of its values, which is the status 204. */
  readonly canBeNothing?: true;
}

/** The schema itself, if it is a `$ref` to it. */
export function resolved(schema: JsonSchema, defs: Readonly<Record<string, JsonSchema>>): JsonSchema {
  const { $ref } = schema;
  return typeof $ref === 'string' ? resolved(defs[$ref.slice('#/$defs/'.length)] ?? {}, defs) : schema;
}
