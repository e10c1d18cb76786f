export { HttpProxy } from './http-proxy.js';
