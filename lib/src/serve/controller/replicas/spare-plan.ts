import type { Surroundings } from '../../protocol/index.js';

/**
 * Variables that Node, OpenSSL, the dynamic linker or nbserve itself read only when a process starts, and that may name files or run code. A process
 * that was started for something else cannot get them later. One of Ray's is among them: a spare process was started without GPUs.
 */
const COLD = /^(NODE_(?!ENV$)|NBSERVE_|RAY_EXPERIMENTAL_NOSET_|LD_|DYLD_|OPENSSL_|SSL_)/;
/**
 * Variables that are read at the start too, such as the size of Node's thread pool, but have plain values. A spare process can be started with them.
 */
const EARLY = /^(UV_|MALLOC_|GLIBC_|LC_|LANG$|LANGUAGE$|TZ$)/;

export type Environment = Pick<Surroundings, 'env' | 'inherit' | 'nodeFlags'>;

/** What a process must have had from its start. */
export interface Likeness extends Environment {
  /** It is equal for two environments if the same spare process can be used for both. */
  readonly key: string;
}

/** What a spare process must be like to become a replica with this environment; `null` if such a replica needs a process of its own. */
export function likenessOf({ env, inherit, nodeFlags }: Environment): Likeness | null {
  if (nodeFlags !== undefined) return null;
  const names = Object.keys(env).sort();
  if (names.some((name) => COLD.test(name))) return null;
  const early = names.filter((name) => EARLY.test(name)).map((name) => [name, env[name] as string] as const);
  // If a process has inherited a variable, it cannot forget it: what it has read from it, or its first threads, remain.
  const inherited = inherit === undefined ? {} : { inherit };
  return { env: Object.fromEntries(early), ...inherited, key: JSON.stringify([early, inherit]) };
}

export interface SpareSituation {
  /** Number of spare processes that there should be. */
  readonly wanted: number;
  /** Spare processes that are not used yet, oldest first, and what they are like. */
  readonly spares: readonly { readonly id: string; readonly key: string }[];
  /** True if a spare process is booting, on this node or on another one. */
  readonly boots: boolean;
  /** What the last started replica was like. The next one is probably the same. */
  readonly key: string;
  /** Time at which the machine has nothing more urgent to do and the pause after failures is over; milliseconds since the epoch. */
  readonly notBefore: number;
  readonly now: number;
}

export interface SparePlan {
  readonly start: boolean;
  readonly end: readonly string[];
  /** Time to ask again; `null` if an event will happen before. */
  readonly wakeAt: number | null;
}

/**
 * What must be done about the spare processes of a node. Pure. It guarantees the following. There are never more than wanted, one starts at a time,
 * and nothing is done before its time. Repetition ends with as many as are wanted, all alike. A spare process of another kind ends only when its
 * place is needed, because it is useful for some replicas.
 */
export function planSpares({ wanted, spares, boots, key, notBefore, now }: SpareSituation): SparePlan {
  const alike = spares.filter((spare) => spare.key === key);
  const start = alike.length < wanted && !boots;
  const surplus = spares.length + (start ? 1 : 0) - wanted;
  const unlike = spares.filter((spare) => spare.key !== key);
  const end = [...unlike, ...alike].slice(0, Math.max(0, surplus)).map(({ id }) => id);
  if (!start && end.length === 0) return { start: false, end: [], wakeAt: null };
  return notBefore > now ? { start: false, end: [], wakeAt: notBefore } : { start, end, wakeAt: null };
}
