import { integer, parseOptions } from '../core/index.js';
import type { StartOptions } from './types.js';

const spareReplicas = integer({ doc: 'Processes held ready on each node for new replicas; 0 is none.', default: 1, min: 0 });

/** @throws NBS_INVALID_OPTION */
export function spareReplicasOf({ spareReplicas: wanted }: StartOptions): number {
  return parseOptions('serve.start', { spareReplicas }, { spareReplicas: wanted }).spareReplicas;
}
