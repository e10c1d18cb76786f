import type { NodeInfo } from '../../engine/index.js';
import type { Allocation, Resources } from '../protocol/index.js';

/** Sums of fractions are not exact: ten tenths are one. */
const EPSILON = 1e-9;
/** Of custom amounts in lists of all, whatever they are called. */
const CUSTOM = 'custom ';

/** True where a replica takes nothing that is accounted, and so always fits. */
export function takesNothing({ cpu, gpu, memory, custom }: Resources): boolean {
  return cpu === 0 && gpu === 0 && memory === 0 && Object.values(custom).every((amount) => amount === 0);
}

/**
 * Finds a node with room. Pure. Of those that have it, the one with the fewest replicas of the same deployment: the end of a node takes as few of
 * them as can be. Then the one whose whole GPUs stay whole, then the one with the fewest replicas, then the first.
 * A part of a GPU goes to the one with the least room that still has enough.
 * @param held what all replicas hold that are there
 * @param siblings nodes of the deployment's other replicas, one entry each
 * @returns the reason, with what is free, where there is no room
 */
export function place(
  resources: Resources,
  nodes: readonly NodeInfo[],
  held: readonly Allocation[],
  siblings: readonly string[] = [],
): Allocation | { readonly reason: string } {
  let best: { readonly allocation: Allocation; readonly rank: readonly number[] } | undefined;
  const free: string[] = [];
  for (const node of nodes) {
    if (!node.alive) {
      free.push(`${node.id} is down`);
      continue;
    }
    const here = held.filter((one) => one.node === node.id);
    const room = new Room(node, here);
    const gpus = room.fit(resources);
    if (gpus === null) {
      free.push(`${node.id} has ${room.describe(resources)} free`);
      continue;
    }
    const breaks = resources.gpu < 1 && gpus.some((id) => room.isWhole(id)) ? 1 : 0;
    const rank = [siblings.filter((id) => id === node.id).length, breaks, here.length];
    if (best === undefined || isLess(rank, best.rank)) best = { allocation: { node: node.id, resources, gpus }, rank };
  }
  if (best !== undefined) return best.allocation;
  return { reason: `each replica takes ${amounts(resources) || 'nothing'}, and ${free.join('; ') || 'no node is known yet'}` };
}

/** By the first number that differs. */
function isLess(a: readonly number[], b: readonly number[]): boolean {
  const at = a.findIndex((value, i) => value !== b[i]);
  return at !== -1 && (a[at] as number) < (b[at] as number);
}

/** What of a node nobody holds. */
export function freeOf(node: NodeInfo, held: readonly Allocation[]): Resources {
  return new Room(
    node,
    held.filter((one) => one.node === node.id),
  ).free();
}

/** What is free on one node. */
class Room {
  readonly #amounts: Map<string, number>;
  readonly #gpus: Map<string, number>;

  constructor({ resources }: NodeInfo, held: readonly Allocation[]) {
    const { cpu, memory, custom } = resources;
    this.#amounts = new Map([
      ['cpu', cpu],
      ['memory', memory],
      ...Object.entries(custom).map(([k, v]) => [CUSTOM + k, v] as const),
    ]);
    this.#gpus = new Map(resources.gpus.map((id) => [id, 1]));
    for (const one of held) {
      for (const [name, amount] of named(one.resources)) this.#amounts.set(name, (this.#amounts.get(name) ?? 0) - amount);
      const share = one.gpus.length === 0 ? 0 : one.resources.gpu / one.gpus.length;
      for (const id of one.gpus) this.#gpus.set(id, (this.#gpus.get(id) ?? 0) - share);
    }
  }

  /** The GPUs for it, none where it wants none; `null` where it does not fit. */
  fit(resources: Resources): readonly string[] | null {
    for (const [name, amount] of named(resources)) if (amount > (this.#amounts.get(name) ?? 0) + EPSILON) return null;
    const { gpu } = resources;
    if (gpu === 0) return [];
    const share = Math.min(1, gpu);
    const enough = [...this.#gpus].filter(([, room]) => room + EPSILON >= share).sort(([, a], [, b]) => a - b);
    const count = Math.max(1, gpu);
    return enough.length < count ? null : enough.slice(0, count).map(([id]) => id);
  }

  isWhole(gpu: string): boolean {
    return (this.#gpus.get(gpu) ?? 0) >= 1 - EPSILON;
  }

  free(): Resources {
    const custom = [...this.#amounts].filter(([name]) => name.startsWith(CUSTOM));
    return {
      cpu: round(this.#amounts.get('cpu') ?? 0),
      gpu: round([...this.#gpus.values()].reduce((sum, room) => sum + room, 0)),
      memory: round(this.#amounts.get('memory') ?? 0),
      custom: Object.fromEntries(custom.map(([name, amount]) => [name.slice(CUSTOM.length), round(amount)])),
    };
  }

  describe(wanted: Resources): string {
    const free = named(wanted).map(([name]) => `${name} ${round(this.#amounts.get(name) ?? 0)}`);
    if (wanted.gpu > 0) {
      const rooms = [...this.#gpus.values()].map(round);
      free.push(rooms.length === 0 ? 'no GPU' : `gpu ${rooms.join(' + ')}`);
    }
    return free.join(', ');
  }
}

/** What is wanted of everything but GPUs. */
function named({ cpu, memory, custom }: Resources): [string, number][] {
  const all: [string, number][] = [
    ['cpu', cpu],
    ['memory', memory],
  ];
  for (const [name, amount] of Object.entries(custom)) all.push([CUSTOM + name, amount]);
  return all.filter(([, amount]) => amount > 0);
}

function amounts(resources: Resources): string {
  const parts = named(resources).map(([name, amount]) => `${name} ${round(amount)}`);
  if (resources.gpu > 0) parts.push(`gpu ${round(resources.gpu)}`);
  return parts.join(', ');
}

const round = (amount: number): number => Math.max(0, Number(amount.toFixed(6)));
