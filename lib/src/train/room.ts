import { availableParallelism, totalmem } from 'node:os';
import { listGpus } from '../core/index.js';
import { serve } from '../serve/index.js';

export interface Needs {
  readonly cpu?: number;
  readonly gpu?: number;
  readonly memory?: number;
}

interface Node {
  readonly total: Needs;
  readonly free: Needs;
}

/** How many workers with these needs there is room for: in the whole cluster, and at the moment. */
export async function roomFor(needs: Needs): Promise<{ readonly total: number; readonly free: number }> {
  const nodes = await nodesNow();
  const count = (kind: 'total' | 'free') => nodes.reduce((sum, node) => sum + fitting(node[kind], needs), 0);
  return { total: count('total'), free: count('free') };
}

const KINDS = ['cpu', 'gpu', 'memory'] as const;
/** Amounts are sums of fractions such as 0.1. */
const ROUNDING = 1e-9;

const fitting = (node: Needs, needs: Needs): number =>
  Math.min(
    ...KINDS.map((kind) => {
      const need = needs[kind] ?? 0;
      return need === 0 ? Number.MAX_SAFE_INTEGER : Math.floor((node[kind] ?? 0) / need + ROUNDING);
    }),
  );

/** The nodes of the cluster; before its start, this machine, of which its first node will be made. */
async function nodesNow(): Promise<readonly Node[]> {
  const status = await serve.status().catch(() => undefined);
  const alive = status?.nodes.filter((node) => node.alive) ?? [];
  if (alive.length > 0) return alive;
  const own = { cpu: availableParallelism(), gpu: (await listGpus())?.length ?? 0, memory: totalmem() };
  return [{ total: own, free: own }];
}
