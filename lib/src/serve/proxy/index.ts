export { HttpProxy, type ProxyOptions } from './http-proxy.js';
