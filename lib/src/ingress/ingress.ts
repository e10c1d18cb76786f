import type { FastifyInstance } from 'fastify';
import { NotAnIngress } from './errors.js';

/** The class that is given to {@link ingress}. */
export interface HttpRoutes {
  /**
   * Registers routes, hooks and plugins on the Fastify instance of the replica. It runs once in each replica, after the constructor. The replica is up when
   * the promise that it returns is fulfilled and all plugins are loaded.
   */
  routes(app: FastifyInstance): unknown;
}

let isUsed = false;

/** True if this process has made an ingress. */
export const hasIngress = (): boolean => isUsed;

/** A registered symbol, so that it is the same in each copy of this package; a user's bundle may contain one. */
const MARK = Symbol.for('nbserve.ingress');

/**
 * Makes the routes of a class answer HTTP: `serve.deployment(ingress(class { routes(app: FastifyInstance) { … } }))`. Each replica has a Fastify
 * instance of its own, with the application's route prefix taken off. Handles call the other public methods of the class as always.
 * @returns the class itself, which is marked; so are its subclasses
 * @throws NBS_NOT_AN_INGRESS
 */
// biome-ignore lint/suspicious/noExplicitAny: constructors of any parameters
export function ingress<C extends abstract new (...args: any[]) => HttpRoutes>(target: C): C {
  if (!isClass(target)) throw NotAnIngress({ value: typeof target === 'function' ? 'a function' : String(target) });
  isUsed = true;
  Object.defineProperty(target, MARK, { value: true, configurable: true });
  return target;
}

export function isIngress(target: unknown): boolean {
  return typeof target === 'function' && (target as unknown as Record<symbol, unknown>)[MARK] === true;
}

/** The `prototype` of a class is not writable. That of a function is, and an arrow function has none. */
function isClass(target: unknown): boolean {
  return typeof target === 'function' && Object.getOwnPropertyDescriptor(target, 'prototype')?.writable === false;
}
