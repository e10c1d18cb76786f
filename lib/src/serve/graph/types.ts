/** Types of call graphs. They use no third-party types, because notebook cells see them. */
import type { HandleBrand } from '../handle/types.js';

declare const nodeBrand: unique symbol;

/** A call in a graph, with a result of the type `R`. It can be an argument of other nodes. */
export interface GraphNode<R> {
  readonly [nodeBrand]: R;
}

type Whole =
  | ((...args: never[]) => unknown)
  | Date
  | RegExp
  | ArrayBuffer
  | ArrayBufferView
  | ReadonlyMap<unknown, unknown>
  | ReadonlySet<unknown>
  | HandleBrand<unknown>;

/** An argument of a node: a value, a node that gives it, or an array or plain object that contains nodes. */
export type GraphArg<P> =
  | P
  | GraphNode<P>
  | (P extends Whole ? never : P extends object ? { readonly [K in keyof P]: GraphArg<P[K]> } : never);

export type GraphArgs<A extends readonly unknown[]> = { [K in keyof A]: GraphArg<Awaited<A[K]>> };

/** A method of a bound deployment. */
export interface GraphMethod<A extends readonly unknown[], R> {
  /** Makes a node that calls the method. */
  bind(...args: GraphArgs<A>): GraphNode<Awaited<R>>;
}

type ValueMethod<F> = F extends (...args: infer A) => infer R
  ? R extends AsyncIterable<unknown> | Generator<unknown, unknown, unknown>
    ? { readonly [K in never]: never }
    : GraphMethod<A, R>
  : never;

/** The methods of a bound deployment that can be nodes: those that give one value. */
export type GraphMethods<T, K extends keyof T> = { readonly [P in K]: ValueMethod<T[P]> };
