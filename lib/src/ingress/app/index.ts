export { type ExchangeOwner, type IngressApp, type IngressOptions, openIngress, type RunningExchange } from './open-ingress.js';
