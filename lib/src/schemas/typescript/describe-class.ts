import { type Checker, SignatureKind, type Type } from 'typescript7/unstable/sync';
import type { ClassSchema } from '../class-schema.js';
import { NoTypes } from '../errors.js';
import type { RouteNote } from '../route-notes.js';
import { RouteWriter } from './route-writer.js';
import { SchemaWriter } from './schema-writer.js';

/** A class with routes, as its decorators describe it. */
export interface RoutedClass {
  /** The name of the deployment, for messages. */
  readonly deployment: string;
  readonly className: string;
  readonly routes: readonly RouteNote[];
  /** The names of the methods that `serve.batch` decorates. */
  readonly batched: ReadonlySet<string>;
}

/**
 * Describes the routes of a class by its types.
 * @param classType type of the class itself, which is the type of the expression that is given to `serve.deployment`
 * @throws NBS_NO_SCHEMA, NBS_NO_TYPES
 */
export function describeClass(checker: Checker, classType: Type, routed: RoutedClass): ClassSchema {
  const [construct] = checker.getSignaturesOfType(classType, SignatureKind.Construct);
  const instance = construct === undefined ? undefined : checker.getReturnTypeOfSignature(construct);
  const writer = new SchemaWriter(checker);
  const routes = routed.routes.map((note) => {
    // The methods are read from the class that is served. In the class that declares a method, the parameters of a generic class have no value yet.
    const method = instance === undefined ? undefined : checker.getPropertyOfType(instance, note.method);
    if (method === undefined) {
      throw NoTypes({
        deployment: routed.deployment,
        reason: `its type has no method ${note.method}`,
        remedy: 'give serve.deployment the class itself, not a value whose type hides it',
      });
    }
    return new RouteWriter(checker, writer, routed).write(note, method);
  });
  const symbol = instance?.getSymbol();
  const { description } = symbol === undefined ? {} : (writer.docs(symbol, routed.className) as { description?: string });
  const { className: name } = routed;
  return { name, ...(description === undefined ? {} : { description }), routes, defs: writer.defs };
}
