import { availableParallelism, totalmem } from 'node:os';
import { ownGpus } from '../core/index.js';
import { type ResourceOptions, serve } from '../serve/index.js';
import { PoolNoRoom } from './errors.js';

/** Workers that run at the same time, and what each reserves. */
export interface PoolNeeds {
  readonly workers: number;
  readonly resources: ResourceOptions;
}

interface Amounts extends Required<Pick<ResourceOptions, 'cpu' | 'gpu' | 'memory'>> {
  readonly custom: Readonly<Record<string, number>>;
}

interface Node {
  readonly id: string;
  readonly total: Amounts;
  readonly free: Amounts;
}

/** For how many workers there is room. */
export interface Room {
  /** If nothing else ran. */
  readonly total: number;
  /** At the moment. It may be one too many if parts of GPUs are taken. */
  readonly free: number;
}

/** For how many workers with these resources the cluster has room; before its start, this machine. */
export async function roomFor(resources: ResourceOptions): Promise<Room> {
  const nodes = await nodesNow();
  const count = (kind: 'total' | 'free'): number => placed(nodes, kind, { workers: Number.MAX_SAFE_INTEGER, resources }, []);
  return { total: count('total'), free: count('free') };
}

/**
 * Refuses workers that each fit and do not fit together, even if nothing else runs: they would wait for one another without end. A worker that does not fit
 * by itself is the cluster's to refuse.
 * @param beside workers that stay until these end
 * @throws NBS_POOL_NO_ROOM
 */
export async function checkRoom(pool: string, { workers, resources }: PoolNeeds, beside: readonly PoolNeeds[]): Promise<void> {
  const nodes = await nodesNow();
  const count = (others: readonly PoolNeeds[]): number => placed(nodes, 'total', { workers, resources }, others);
  const room = count(beside);
  if (room >= workers || count([]) === 0) return;
  const others = beside.map((each) => `${counted(each.workers)} of ${JSON.stringify(each.resources)}`).join(' and ');
  throw PoolNoRoom({
    pool,
    workers: counted(workers),
    needs: JSON.stringify(resources),
    beside: others === '' ? '' : ` beside ${others}`,
    room,
    nodes: nodes.map(({ id, total }) => `${id} has ${shown(total, resources)}`).join('; '),
  });
}

const counted = (workers: number): string => `${workers} worker${workers === 1 ? '' : 's'}`;

/** Amounts are sums of fractions such as 0.1. */
const ROUNDING = 1e-9;

/** How many of the workers find a place after the others. */
function placed(nodes: readonly Node[], kind: 'total' | 'free', wanted: PoolNeeds, others: readonly PoolNeeds[]): number {
  const left = nodes.map((node) => leftOf(node[kind]));
  const place = ({ workers, resources }: PoolNeeds): number => {
    let count = 0;
    for (const node of left) {
      // What needs nothing fits any number of times.
      const most = Math.min(workers - count, timesOf(node, resources));
      take(node, resources, most);
      count += most;
    }
    return count;
  };
  for (const other of others) place(other);
  return place(wanted);
}

interface Left {
  readonly amounts: Map<string, number>;
  /** What is left of each GPU. */
  gpus: number[];
}

function leftOf({ cpu, memory, gpu, custom }: Amounts): Left {
  const whole = Math.floor(gpu + ROUNDING);
  const gpus = Array.from({ length: whole }, () => 1);
  if (gpu - whole > ROUNDING) gpus.push(gpu - whole);
  return { amounts: new Map(Object.entries({ ...prefixed(custom), cpu, memory })), gpus };
}

/** Custom resources may have any name, `cpu` too. */
const prefixed = (custom: Readonly<Record<string, number>>): Record<string, number> =>
  Object.fromEntries(Object.entries(custom).map(([name, amount]) => [`custom ${name}`, amount]));

const namedOf = ({ cpu = 0, memory = 0, custom = {} }: ResourceOptions): [string, number][] =>
  Object.entries({ cpu, memory, ...prefixed(custom) }).filter(([, amount]) => amount > 0);

/** How often the resources fit. */
function timesOf({ amounts, gpus }: Left, resources: ResourceOptions): number {
  const { gpu = 0 } = resources;
  const times = namedOf(resources).map(([name, need]) => Math.floor((amounts.get(name) ?? 0) / need + ROUNDING));
  if (gpu > 0 && gpu < 1) times.push(gpus.reduce((sum, left) => sum + Math.floor(left / gpu + ROUNDING), 0));
  else if (gpu > 0) times.push(Math.floor(gpus.filter((left) => left > 1 - ROUNDING).length / gpu));
  return Math.min(Number.MAX_SAFE_INTEGER, ...times);
}

function take(node: Left, resources: ResourceOptions, times: number): void {
  const { gpu = 0 } = resources;
  for (const [name, need] of namedOf(resources)) node.amounts.set(name, (node.amounts.get(name) ?? 0) - need * times);
  if (gpu === 0) return;
  let shares = gpu < 1 ? times : gpu * times;
  const share = Math.min(1, gpu);
  node.gpus = node.gpus.map((left) => {
    const here = Math.min(shares, Math.floor(left / share + ROUNDING));
    shares -= here;
    return left - here * share;
  });
}

/** Those amounts of a node that the resources name. */
function shown({ cpu, gpu, memory, custom }: Amounts, resources: ResourceOptions): string {
  const all = [...Object.entries({ cpu, gpu, memory }), ...Object.entries(custom)];
  const asked = { ...resources, ...resources.custom } as Readonly<Record<string, unknown>>;
  return all.flatMap(([name, amount]) => (asked[name] === undefined ? [] : `${name} ${amount}`)).join(', ');
}

/** The nodes of the cluster that are up; before its start, this machine, of which its first node will be made. */
async function nodesNow(): Promise<readonly Node[]> {
  const status = await serve.status().catch(() => undefined);
  const alive = status?.nodes.filter((node) => node.alive) ?? [];
  if (alive.length > 0) return alive;
  const gpu = (await ownGpus()).length;
  const own = { cpu: availableParallelism(), gpu, memory: totalmem(), custom: {} };
  return [{ id: 'this machine', total: own, free: own }];
}
