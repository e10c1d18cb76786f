export { GrpcProxy } from './grpc-proxy.js';
export type { GrpcHost, ToldError } from './host.js';
