export { REPLAY_LIMIT_BYTES } from './body-replay.js';
export type { AnswerSink, DeadlineLimit, Dispatch, RouterLike } from './dispatch.js';
export { BodyNotReplayable, ReplicaCutOff, ReplicaDied, ReplicaHung, RequestTimeout } from './errors.js';
export { FIRST_ROUTES_WAIT_MS, firstRoutes } from './first-routes.js';
export { openRouter, type RouterOptions } from './open.js';
export type { Candidate } from './pick.js';
export { Router, type RouterInit } from './router.js';
