import { integer, parseOptions } from '../core/index.js';
import type { StartOptions } from './types.js';

export const SPARE_OPTIONS = {
  spareReplicas: integer({
    doc: 'Number of spare processes on each node, which make a new replica start in a fraction of the time. Each needs about 28 MiB of memory and no CPU. 0 means none.',
    default: 1,
    min: 0,
  }),
} as const;

/** @throws NBS_INVALID_OPTION */
export function spareReplicasOf({ spareReplicas: wanted }: StartOptions): number {
  return parseOptions('serve.start', SPARE_OPTIONS, { spareReplicas: wanted }).spareReplicas;
}
