export type { FastifyInstance, FastifyReply, FastifyRequest, FastifyServerOptions } from 'fastify';
export { type HttpRoutes, hasIngress, ingress, isIngress } from './ingress.js';
