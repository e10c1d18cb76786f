import type { Session } from 'node:inspector';
import { createRequire } from 'node:module';

const KEY = Symbol.for('nbserve.private-fields');

interface Remote {
  readonly objectId?: string;
}
interface Property {
  readonly name: string;
  readonly value?: Remote;
}

/**
 * The objects in the `#fields` of an object. The language has no access to them, so this asks V8's inspector, which takes 4 ms, mostly for loading
 * it.
 */
export function privateFields(object: object): readonly (readonly [name: string, value: unknown])[] {
  const session = open();
  // This Node was built without the inspector.
  if (session === null) return [];
  const found: [string, unknown][] = [];
  const desk = globalThis as Record<symbol, unknown>;
  try {
    desk[KEY] = object;
    const { result } = ask<{ result: Remote }>(session, 'Runtime.evaluate', {
      expression: `globalThis[Symbol.for('${KEY.description}')]`,
    });
    const { privateProperties = [] } = ask<{ privateProperties?: readonly Property[] }>(session, 'Runtime.getProperties', {
      objectId: result.objectId,
      ownProperties: true,
    });
    for (const { name, value } of privateProperties) {
      if (value?.objectId === undefined) continue;
      desk[KEY] = (field: unknown) => found.push([name, field]);
      const functionDeclaration = `function () { globalThis[Symbol.for('${KEY.description}')](this); }`;
      ask(session, 'Runtime.callFunctionOn', { objectId: value.objectId, functionDeclaration });
    }
  } finally {
    delete desk[KEY];
    session.disconnect();
  }
  return found;
}

/** The inspector is loaded only if it is needed, because most classes have no private fields. */
function open(): Session | null {
  try {
    const { Session } = createRequire(import.meta.url)('node:inspector') as typeof import('node:inspector');
    const session = new Session();
    session.connect();
    return session;
  } catch {
    return null;
  }
}

/** Within one thread, the answer arrives before `post` returns. */
function ask<T>(session: Session, method: string, params: Readonly<Record<string, unknown>>): T {
  let answer: unknown;
  let failure: Error | null = null;
  session.post(method, { ...params }, (error, result) => {
    failure = error;
    answer = result;
  });
  if (failure !== null) throw failure;
  return answer as T;
}
