import type { Session } from 'node:inspector';
import { ValueDigest } from './value-digest.js';

/** The variables that a function sees of the calls in which it was made. */
export interface Captured {
  /** Equal for equal values, in all processes. */
  readonly digest: string;
  /** True if equal digests mean equal values; false if a value cannot be examined (a function, an instance). */
  readonly isCertain: boolean;
  /**
   * Where its text begins, by this process's own numbers. Two functions made from the same code have the same number; other processes have other
   * numbers.
   */
  readonly code: string;
}

const KEY = Symbol.for('nbserve.captured');
const holder = globalThis as { [KEY]?: unknown };
const HELD = "globalThis[Symbol.for('nbserve.captured')]";

/** Scopes of the file itself, whose variables are the same for all calls. */
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
 * Examines the local variables that `target` refers to. If a function makes a class or function once for each call, nothing else distinguishes them.
 * Only the engine's inspector has access to these variables.
 */
export function capturedBy(target: object): Captured {
  const digest = new ValueDigest(target);
  digest.addOutline(target);
  let code: string | undefined;
  let session: Session | undefined;
  try {
    // Loading the inspector takes a millisecond, and most processes of a cluster never need it.
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
    // This Node has no inspector, so only their names distinguish such functions.
    digest.isCertain = false;
  } finally {
    delete holder[KEY];
    session?.disconnect();
  }
  // Without a text of its own (made by `bind`, a proxy), nothing shows whether two functions are the same.
  const isCertain = digest.isCertain && code !== undefined;
  return { digest: digest.hex(), isCertain, code: code ?? '' };
}

/** The engine shows a scope as a description and an object with its variables, which has no prototype. */
function variablesIn(scope: object): object {
  const { object } = scope as { readonly object?: unknown };
  const isWrapped = Object.getPrototypeOf(scope) !== null && typeof object === 'object' && object !== null;
  return isWrapped ? object : scope;
}

/** What the engine knows about the target besides its properties. */
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
  // A CommonJS file is itself a function.
  const isModule = all.some(({ description }) => description === 'Module');
  return (isModule ? local : local.slice(0, -1)).flatMap(({ objectId }) => objectId ?? []);
}

/** The answer is available at once, because the process examines itself. */
function post<T>(session: Session, method: string, parameters: object): T {
  let answer: { readonly error: Error | null; readonly value: unknown } | undefined;
  session.post(method, parameters, (error, value) => {
    answer = { error, value };
  });
  if (answer === undefined || answer.error !== null) throw answer?.error ?? new Error(`${method} gave no answer`);
  return answer.value as T;
}
