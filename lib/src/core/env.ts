/** The one reader of `process.env`. Each function is one variable, with its meaning. A variable that is empty counts as not set. */

/** `NBSERVE_LOG_LEVEL`: level of nbserve's own log (pino levels). Default `warn`. */
export const logLevel = (): string => process.env.NBSERVE_LOG_LEVEL ?? 'warn';

/** `NBSERVE_HOME`: where clusters keep sockets and state. Default: `$XDG_RUNTIME_DIR`, else the temporary folder. */
export const runtimeHome = (): string | undefined => process.env.NBSERVE_HOME || process.env.XDG_RUNTIME_DIR || undefined;

/** `NBSERVE_CACHE`: where fetched models and data are kept. Default `~/.cache/nbserve`. */
export const cacheHome = (): string | undefined =>
  process.env.NBSERVE_CACHE || (process.env.XDG_CACHE_HOME ? `${process.env.XDG_CACHE_HOME}/nbserve` : undefined);

/** What Node, and nbserve in it, needs of the environment that it is started in. */
const NEEDED = [
  'PATH',
  'HOME',
  'TMPDIR',
  'XDG_RUNTIME_DIR',
  'XDG_CACHE_HOME',
  'NBSERVE_HOME',
  'NBSERVE_CACHE',
  'NBSERVE_LOG_LEVEL',
  'NBSERVE_CLUSTER',
];

/**
 * The environment that a child process gets: a copy of ours with `extra` over it.
 * @param inherit names of the variables of ours that it gets besides those that every process needs; all when it is left out
 */
export function childEnv(extra: Readonly<Record<string, string>> = {}, inherit?: readonly string[]): Record<string, string> {
  const own = process.env as Record<string, string>;
  if (inherit === undefined) return { ...own, ...extra };
  const inherited = [...NEEDED, ...inherit].filter((name) => Object.hasOwn(own, name));
  return { ...Object.fromEntries(inherited.map((name) => [name, own[name] as string])), ...extra };
}

/** Adds variables to the environment of this process; native code that is loaded later sees them as well. */
export function addToEnv(variables: Readonly<Record<string, string>>): void {
  Object.assign(process.env, variables);
}

/** `CUDA_VISIBLE_DEVICES`: the GPUs that this process may use; empty means none, absent means all. */
export const visibleGpus = (): string | undefined => process.env.CUDA_VISIBLE_DEVICES;

/** `OMP_NUM_THREADS`: threads that a numeric library takes in this process; absent: its own choice. */
export const openMpThreads = (): number | undefined => threads(process.env.OMP_NUM_THREADS);

/** `VIPS_CONCURRENCY`: threads that sharp takes for one picture in this process; absent: its own choice. */
export const imageThreads = (): number | undefined => threads(process.env.VIPS_CONCURRENCY);

function threads(value: string | undefined): number | undefined {
  const count = Number(value);
  return Number.isInteger(count) && count > 0 ? count : undefined;
}

/** `NBSERVE_CLUSTER`: folder of the cluster that the command line talks to. A notebook sets it for its `!` commands. */
export const clusterFolder = (): string | undefined => process.env.NBSERVE_CLUSTER || undefined;

/** npm, npx and their like set this for what they start, and what that starts inherits it. */
export const packageRunner = (): string | undefined => process.env.npm_command;
