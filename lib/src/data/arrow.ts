import type * as Arrow from 'apache-arrow';
import { inOwnTurn } from '../core/index.js';
import { NoArrow } from './errors.js';

export type { Arrow };

let loading: Promise<typeof Arrow> | null = null;

/** The package `apache-arrow`, which only those who write or read Arrow have. @throws NBS_NO_ARROW */
export function arrow(): Promise<typeof Arrow> {
  loading ??= inOwnTurn(() => import('apache-arrow')).catch((error: unknown) => {
    loading = null;
    throw NoArrow({}, error);
  });
  return loading;
}
