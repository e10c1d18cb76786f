import type { NodeInfo } from '../../../engine/index.js';
import type { Allocation, Resources } from '../../protocol/index.js';

/** Sums of fractions are not exact, but ten tenths must count as one. */
const EPSILON = 1e-9;
/** Prefix of custom resources in lists of all resources; it avoids conflicts of names. */
const CUSTOM = 'custom ';

/** True if a replica needs no resource that is counted, so it always fits. */
export function takesNothing({ cpu, gpu, memory, custom }: Resources): boolean {
  return cpu === 0 && gpu === 0 && memory === 0 && Object.values(custom).every((amount) => amount === 0);
}

const answers = new WeakMap<readonly NodeInfo[], WeakMap<Resources, string | null>>();

/** Says why a replica would fit on no node even if all nodes were empty and up: what each node has. `null` if it would fit. */
export function whyNever(nodes: readonly NodeInfo[], resources: Resources): string | null {
  const known = answers.get(nodes) ?? new WeakMap<Resources, string | null>();
  answers.set(nodes, known);
  // The answer is kept, because each control round asks the same question.
  const answer = known.get(resources);
  if (answer !== undefined) return answer;
  const found = findWhyNever(nodes, resources);
  known.set(resources, found);
  return found;
}

function findWhyNever(nodes: readonly NodeInfo[], resources: Resources): string | null {
  if (takesNothing(resources)) return null;
  const rooms = nodes.map((node) => ({ node, room: new Room(node, []) }));
  if (rooms.some(({ room }) => room.fit(resources) !== null)) return null;
  const all = rooms.map(({ node, room }) => `${node.id} has ${room.totalText(resources)}`);
  return `each replica takes ${amounts(resources)}, and ${all.join('; ')}`;
}

interface NodePlace {
  readonly node: NodeInfo;
  readonly room: Room;
  /** Number of replicas that occupy resources of the node. */
  count: number;
}

/** The nodes, with their free resources while replicas are placed one after the other. */
export class Places {
  readonly #places: readonly NodePlace[];

  /** @param held what all existing replicas occupy */
  constructor(nodes: readonly NodeInfo[], held: readonly Allocation[]) {
    const byNode = grouped(held);
    this.#places = nodes.map((node) => {
      const here = byNode.get(node.id) ?? [];
      return { node, room: new Room(node, here), count: here.length };
    });
  }

  /**
   * Finds a node with room for a replica, and occupies that room. If several nodes have room, these rules choose, and each breaks the ties of the
   * rule before it: the fewest replicas of the same deployment, so that the loss of a node ends as few of them as possible; no split of a GPU that
   * is whole; the fewest replicas; the first node. A share of a GPU goes to the GPU with the least free room that is still enough.
   * @param siblings nodes of the deployment's other replicas, one entry for each replica
   * @returns the reason, with the free resources, if there is no room
   */
  take(resources: Resources, siblings: readonly string[] = []): Allocation | { readonly reason: string } {
    let best: { readonly place: NodePlace; readonly gpus: readonly string[]; readonly rank: readonly number[] } | undefined;
    for (const place of this.#places) {
      const { node, room, count } = place;
      const gpus = node.alive ? room.fit(resources) : null;
      if (gpus === null) continue;
      const breaks = resources.gpu < 1 && gpus.some((id) => room.isWhole(id)) ? 1 : 0;
      const rank = [siblings.filter((id) => id === node.id).length, breaks, count];
      if (best === undefined || isLess(rank, best.rank)) best = { place, gpus, rank };
    }
    if (best === undefined) return { reason: this.#whyNot(resources) };
    const { place, gpus } = best;
    const allocation = { node: place.node.id, resources, gpus };
    place.room.hold(allocation);
    place.count += 1;
    return allocation;
  }

  #whyNot(resources: Resources): string {
    const free = this.#places.map(({ node, room }) =>
      node.alive ? `${node.id} has ${room.freeText(resources)} free` : `${node.id} is down`,
    );
    return `each replica takes ${amounts(resources) || 'nothing'}, and ${free.join('; ') || 'no node is known yet'}`;
  }
}

function grouped(held: readonly Allocation[]): Map<string, Allocation[]> {
  const byNode = new Map<string, Allocation[]>();
  for (const one of held) {
    const here = byNode.get(one.node);
    if (here === undefined) byNode.set(one.node, [one]);
    else here.push(one);
  }
  return byNode;
}

/** Compares by the first number that differs. */
function isLess(a: readonly number[], b: readonly number[]): boolean {
  const at = a.findIndex((value, i) => value !== b[i]);
  return at !== -1 && (a[at] as number) < (b[at] as number);
}

/** What no replica occupies of a node. */
export function freeOf(node: NodeInfo, held: readonly Allocation[]): Resources {
  return new Room(
    node,
    held.filter((one) => one.node === node.id),
  ).free();
}

/** The free resources of one node. */
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
    for (const one of held) this.hold(one);
  }

  hold({ resources, gpus }: Allocation): void {
    for (const [name, amount] of named(resources)) this.#amounts.set(name, (this.#amounts.get(name) ?? 0) - amount);
    const share = gpus.length === 0 ? 0 : resources.gpu / gpus.length;
    for (const id of gpus) this.#gpus.set(id, (this.#gpus.get(id) ?? 0) - share);
  }

  /** The GPUs that a replica would get: an empty list if it needs none, `null` if it does not fit. */
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

  /** The resources of the whole node, as a text. */
  totalText(wanted: Resources): string {
    const all = this.#namedTexts(wanted);
    const { size } = this.#gpus;
    if (wanted.gpu > 0) all.push(size === 0 ? 'no GPU' : `${size} GPU${size === 1 ? '' : 's'}`);
    return all.join(', ');
  }

  freeText(wanted: Resources): string {
    const free = this.#namedTexts(wanted);
    if (wanted.gpu > 0) {
      const rooms = [...this.#gpus.values()].map(round);
      free.push(rooms.length === 0 ? 'no GPU' : `gpu ${rooms.join(' + ')}`);
    }
    return free.join(', ');
  }

  #namedTexts(wanted: Resources): string[] {
    return named(wanted).map(([name]) => `${name} ${round(this.#amounts.get(name) ?? 0)}`);
  }
}

/** The resources that are needed, other than GPUs. */
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
