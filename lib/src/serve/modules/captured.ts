import type { Session } from 'node:inspector';
import { ValueDigest } from './value-digest.js';

/** What a function sees of the calls that it was made in. */
export interface Captured {
  /** Equal for equal values, in whichever process they are. */
  readonly digest: string;
  /** Equal digests mean equal values; false where some value cannot be looked into (a function, an instance). */
  readonly isCertain: boolean;
  /** Where its text begins, as this process numbers it: two of one code have one, and other processes other numbers. */
  readonly code: string;
}

const KEY = Symbol.for('nbserve.captured');
const holder = globalThis as { [KEY]?: unknown };
const HELD = "globalThis[Symbol.for('nbserve.captured')]";

/** Of the file itself, whose variables are no matter of single calls. */
const OF_FILE = /^(Global|Script|Module|Eval)|^Closure \(.*\.[cm]?[jt]sx?\)$/;

interface RemoteObject {
  readonly objectId?: string;
  readonly value?: unknown;
  readonly description?: string;
}
interface Properties {
  readonly result: readonly { readonly name: string; readonly value?: RemoteObject }[];
  readonly internalProperties?: readonly { readonly name: string; readonly value?: RemoteObject }[];
}

/**
 * Looks at the local variables that `target` holds on to: a class or function that is made in a function, once for each call, differs from the
 * others by nothing else. Only the engine's inspector knows them.
 */
export function capturedBy(target: object): Captured {
  const digest = new ValueDigest(target);
  digest.addOutline(target);
  let code: string | undefined;
  let session: Session | undefined;
  try {
    // Loading it takes a millisecond: most processes of a cluster never need it.
    session = new (process.getBuiltinModule('node:inspector').Session)();
    session.connect();
    const inner = innerProperties(session, target);
    const location = inner.find(({ name }) => name === '[[FunctionLocation]]')?.value?.value;
    if (location !== undefined) code = JSON.stringify(location);
    for (const scope of localScopes(session, inner)) {
      holder[KEY] = (given: object) => digest.addVariables(variablesIn(given));
      post(session, 'Runtime.callFunctionOn', { objectId: scope, functionDeclaration: `function () { ${HELD}(this) }` });
    }
  } catch {
    // A Node without an inspector: then nothing tells such functions apart but their names.
    digest.isCertain = false;
  } finally {
    delete holder[KEY];
    session?.disconnect();
  }
  // Without a text of its own (of `bind`, a proxy) nothing says whether two are the same.
  const isCertain = digest.isCertain && code !== undefined;
  return { digest: digest.hex(), isCertain, code: code ?? '' };
}

/** The engine shows a scope as its description and its variables; these have no prototype. */
function variablesIn(scope: object): object {
  const { object } = scope as { readonly object?: unknown };
  const isWrapped = Object.getPrototypeOf(scope) !== null && typeof object === 'object' && object !== null;
  return isWrapped ? object : scope;
}

/** What the engine knows of it besides its properties. */
function innerProperties(session: Session, target: object): NonNullable<Properties['internalProperties']> {
  holder[KEY] = target;
  const { result } = post<{ result: RemoteObject }>(session, 'Runtime.evaluate', { expression: HELD, silent: true });
  return (
    post<Properties>(session, 'Runtime.getProperties', { objectId: result.objectId, ownProperties: true }).internalProperties ??
    []
  );
}

/** Ids of the scopes of the functions and blocks around it, the innermost first. */
function localScopes(session: Session, inner: NonNullable<Properties['internalProperties']>): readonly string[] {
  const scopes = inner.find(({ name }) => name === '[[Scopes]]');
  if (scopes?.value?.objectId === undefined) return [];
  const all = post<Properties>(session, 'Runtime.getProperties', { objectId: scopes.value.objectId, ownProperties: true })
    .result.filter(({ name }) => /^\d+$/.test(name))
    .flatMap(({ value }) => (value === undefined ? [] : [value]));
  const local = all.filter(({ description = '' }) => !OF_FILE.test(description));
  // A CommonJS file is a function itself.
  const isModule = all.some(({ description }) => description === 'Module');
  return (isModule ? local : local.slice(0, -1)).flatMap(({ objectId }) => objectId ?? []);
}

/** The answer is there at once: this process asks itself. */
function post<T>(session: Session, method: string, parameters: object): T {
  let answer: { readonly error: Error | null; readonly value: unknown } | undefined;
  session.post(method, parameters, (error, value) => {
    answer = { error, value };
  });
  if (answer === undefined || answer.error !== null) throw answer?.error ?? new Error(`${method} gave no answer`);
  return answer.value as T;
}
