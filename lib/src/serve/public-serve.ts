import { localServe } from './local-serve.js';
import type { Serve } from './serve.js';

/**
 * The serving cluster of this notebook or script. It is in a module of its own, so that a cell that uses `serve` is checked against these types only:
 * the declarations behind `localServe` are ten times as many.
 */
export const serve: Serve = localServe;
