import { defineError } from '../core/index.js';

export const NotAnIngress = defineError(
  'NBS_NOT_AN_INGRESS',
  400,
  'ingress() takes a class with a method routes(app), and was given {value}; write serve.deployment(ingress(class { routes(app: FastifyInstance) { … } }))',
);
