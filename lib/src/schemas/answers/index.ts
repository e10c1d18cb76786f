export { type TypedHead, TypedRoutes } from './typed-routes.js';
