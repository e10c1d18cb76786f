export type { Dispatch, RouterLike } from './dispatch.js';
export { openRouter, type RouterOptions } from './open.js';
