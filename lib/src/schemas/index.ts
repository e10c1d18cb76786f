export type { ClassSchema, RouteVerb } from './class-schema.js';
export { McpWithoutRoutes, NoTypes } from './errors.js';
export { batchedHookOf, batchedMethodsOf, type RouteNote, routeDecorator, routesOf } from './route-notes.js';
export { TypedAnswer, TypedStream } from './typed-answer.js';
