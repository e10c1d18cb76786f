import type { DeploymentRoute } from '../protocol/index.js';

/** Whether a method may run twice for one request. */
export function isIdempotent({ idempotent }: DeploymentRoute, method: string): boolean {
  return idempotent === true || idempotent.includes(method);
}
