import { integer, parseOptions } from '../core/index.js';
import type { StartOptions } from './types.js';

export const SPARE_OPTIONS = {
  spareReplicas: integer({
    doc: 'Processes held ready on each node, so that a new replica is up in a fraction of the time; each takes about 28 MiB and no cpu. 0 is none.',
    default: 1,
    min: 0,
  }),
} as const;

/** @throws NBS_INVALID_OPTION */
export function spareReplicasOf({ spareReplicas: wanted }: StartOptions): number {
  return parseOptions('serve.start', SPARE_OPTIONS, { spareReplicas: wanted }).spareReplicas;
}
