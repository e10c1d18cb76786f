import type { Surroundings } from '../../protocol/index.js';

/**
 * What Node, OpenSSL, the dynamic linker or nbserve itself read once, when a process starts, and which may name files or run code: a process that
 * was started for something else cannot be given these.
 */
const COLD = /^(NODE_(?!ENV$)|NBSERVE_|LD_|DYLD_|OPENSSL_|SSL_)/;
/** What is read at the start as well (the size of Node's thread pool, say), but is a plain value: a spare process can be started with it. */
const EARLY = /^(UV_|MALLOC_|GLIBC_|LC_|LANG$|LANGUAGE$|TZ$)/;

type Environment = Pick<Surroundings, 'env' | 'inherit'>;

/** What a process must have had from its start. */
export interface Likeness extends Environment {
  /** Equal for what is equal. */
  readonly key: string;
}

/** What a spare process must be like to become one with this environment; `null` where only one of its own will do. */
export function likenessOf({ env, inherit }: Environment): Likeness | null {
  const names = Object.keys(env).sort();
  if (names.some((name) => COLD.test(name))) return null;
  const early = names.filter((name) => EARLY.test(name)).map((name) => [name, env[name] as string] as const);
  // One that has inherited a variable cannot be made to forget it: what it has read of it, or its first threads, stay.
  const inherited = inherit === undefined ? {} : { inherit };
  return { env: Object.fromEntries(early), ...inherited, key: JSON.stringify([early, inherit]) };
}

export interface SpareSituation {
  /** How many there should be. */
  readonly wanted: number;
  /** Those that nobody has taken, oldest first, and what they are like. */
  readonly spares: readonly { readonly id: string; readonly key: string }[];
  /** One boots, here or on another node. */
  readonly boots: boolean;
  /** What the replica was like that was started last: the next one most likely is as well. */
  readonly key: string;
  /** When the machine has nothing more urgent to do, and after the pause that failures ask for; in milliseconds since the epoch. */
  readonly notBefore: number;
  readonly now: number;
}

export interface SparePlan {
  readonly start: boolean;
  readonly end: readonly string[];
  /** Ask again then; `null`: something will happen before. */
  readonly wakeAt: number | null;
}

/**
 * What is to be done about a node's spare processes. Pure. Promises: never more than are wanted, one started at a time, nothing done before its time; repeated,
 * it ends with as many as are wanted, all alike. One that is unlike goes only when its place is taken: it is of use to some.
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
