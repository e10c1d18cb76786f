import { types } from 'node:util';

/** What the encoder must know about kinds of objects. */
export type AnyFunction = (...args: never[]) => unknown;

const TypedArray = Object.getPrototypeOf(Uint8Array) as AnyFunction;

export const isIndex = (key: string): boolean => /^\d+$/.test(key);

export const frozen = (value: object): { frozen?: true } =>
  Object.isFrozen(value) && Object.keys(value).length > 0 ? { frozen: true } : {};

export const keyText = (key: string): string =>
  /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;

const BUILTIN_PROTOTYPES = new Set<object>(
  [
    Object,
    Array,
    Map,
    Set,
    Date,
    RegExp,
    Error,
    EvalError,
    RangeError,
    ReferenceError,
    SyntaxError,
    TypeError,
    URIError,
    AggregateError,
  ]
    .map((c) => c.prototype as object)
    .concat([
      Number.prototype,
      String.prototype,
      Boolean.prototype,
      BigInt.prototype,
      URL.prototype,
      URLSearchParams.prototype,
      TypedArray.prototype,
    ]),
);
export const isBuiltinPrototype = (proto: object): boolean => BUILTIN_PROTOTYPES.has(proto);

export function builtinErrorName(error: Error): string {
  for (
    let at: object | null = Object.getPrototypeOf(error) as object;
    at !== null;
    at = Object.getPrototypeOf(at) as object | null
  ) {
    if (isBuiltinPrototype(at)) return (at as Error).constructor.name === 'Object' ? 'Error' : (at as Error).constructor.name;
  }
  return 'Error';
}

export function className(value: object): string {
  const Class = (value as { constructor?: unknown }).constructor;
  const name = typeof Class === 'function' && Class !== Object ? Class.name : undefined;
  return name || ((value as Record<symbol, string>)[Symbol.toStringTag] ?? 'object of a class');
}

export function refusedKind(value: object): string | undefined {
  if (types.isProxy(value)) return 'Proxy';
  if (types.isPromise(value)) return 'Promise';
  if (types.isWeakMap(value)) return 'WeakMap';
  if (types.isWeakSet(value)) return 'WeakSet';
  if (value instanceof WeakRef) return 'WeakRef';
  if (types.isGeneratorObject(value)) return 'running generator';
  if (types.isModuleNamespaceObject(value)) return 'module namespace';
  if (types.isExternal(value)) return 'native object';
  return undefined;
}

export function functionReason(value: AnyFunction): string {
  const name = value.name === '' ? 'a function' : `the function ${value.name}`;
  if (value.name.startsWith('bound '))
    return `a bound function (${value.name.slice(6)}) cannot be sent; bind it in the constructor`;
  if (Function.prototype.toString.call(value).includes('[native code]'))
    return `the native ${name.replace(/^(a|the) /, '')} cannot be sent; look it up in the constructor`;
  return `${name} was made while running, as a closure over local variables, or put in the place of another function, and cannot be sent; declare it with a name of its own at the top level of a cell, or create it in the constructor`;
}
