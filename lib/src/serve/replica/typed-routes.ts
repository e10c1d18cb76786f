import { TypedRoutes } from '../../schemas/answers/index.js';
import type { ClassSchema } from '../../schemas/index.js';
import type { DeploymentConfig } from '../protocol/index.js';
import { markBadBody } from './bad-body.js';
import { httpFailure } from './http-failure.js';
import { plainForm } from './json-text.js';
import type { UserInstance } from './user-instance.js';

/** The routes of an instance. Loaded only for a deployment that has some: checking JSON is a package of its own. */
export function typedRoutes(
  { instance, deployment }: { readonly instance: UserInstance; readonly deployment: string },
  schema: ClassSchema,
  { mcp = false }: Pick<DeploymentConfig, 'mcp'>,
  fetch: ((request: unknown) => unknown) | null,
): TypedRoutes {
  return new TypedRoutes({
    schema,
    method: (name) => instance.method(name) ?? missing(name),
    parse: (text) => {
      try {
        return JSON.parse(text) as unknown;
      } catch (error) {
        throw markBadBody(error, 'json');
      }
    },
    failureOf: httpFailure,
    toPlain: (value, asTexts, subject) => plainForm(value, deployment, asTexts, subject),
    fetch,
    mcp,
  });
}

function missing(name: string): never {
  throw new Error(`the class has no method ${name} any more`);
}
