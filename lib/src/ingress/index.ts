export type { FastifyInstance, FastifyReply, FastifyRequest, FastifyServerOptions } from 'fastify';
export { type HttpRoutes, ingress, isIngress } from './ingress.js';
