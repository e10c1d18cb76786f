import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';

/** Only this file reads `process.env`. Each function reads one variable. An empty variable counts as not set. */

/** `NBSERVE_LOG_LEVEL`: level of nbserve's own log (pino levels). Default `warn`. */
export const logLevel = (): string => process.env.NBSERVE_LOG_LEVEL ?? 'warn';

/** `NBSERVE_HOME`: the folder in which clusters keep sockets and state. Default: `$XDG_RUNTIME_DIR`, else the temporary folder. */
export const runtimeHome = (): string | undefined => process.env.NBSERVE_HOME || process.env.XDG_RUNTIME_DIR || undefined;

/** What is in the cache. `jupyter` belongs to `nbserve lab`. Older versions have made `modules` and `optimized`. */
const CACHE_FOLDERS = ['batches', 'cuda', 'datasets', 'downloads', 'hub', 'jupyter', 'licences', 'modules', 'optimized'] as const;
/** Besides them: Ray, and TypeScript as V8 has compiled it, which the kernel keeps. */
const CACHE_ENTRY = new RegExp(`^((${CACHE_FOLDERS.join('|')}|ray-[\\d.]+)(\\.lock)?|[\\w.+-]+\\.v8(\\.\\d+)?)$`);

/** Folders of this user alone, although the cache may be a folder that several users share: what is in them is run, or read, without a look at who wrote it. */
const OWN_FOLDERS = ['environments', 'modules', 'optimized'] as const;
type OwnFolder = (typeof OWN_FOLDERS)[number];
const ownFolder = (name: OwnFolder): string => `${name}-${process.getuid?.() ?? userInfo().username}`;
const isOwnFolder = (name: string): name is OwnFolder => (OWN_FOLDERS as readonly string[]).includes(name);

/** `NBSERVE_CACHE`: the folder in which fetched models and data are kept. Default `~/.cache/nbserve`. @param name of a folder in it */
export const cacheFolder = (name: (typeof CACHE_FOLDERS)[number] | `ray-${string}` | OwnFolder): string =>
  join(cacheHome(), isOwnFolder(name) ? ownFolder(name) : name);

/** Whether nbserve has made an entry of the cache folder, by its name. The folder may be one that the user has chosen, and keeps other things in. */
export const isCacheEntry = (name: string): boolean => OWN_FOLDERS.map(ownFolder).includes(name) || CACHE_ENTRY.test(name);

const cacheHome = (): string =>
  process.env.NBSERVE_CACHE || join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'nbserve');

/** `NBSERVE_OFFLINE`: if it is set, and not `0`, models and data of the lessons are not downloaded. */
export const isOffline = (): boolean => !['', '0'].includes(process.env.NBSERVE_OFFLINE ?? '');

/** `HF_ENDPOINT`: the address of the Hugging Face hub, or of a mirror of it. Default `https://huggingface.co`. */
export const hubEndpoint = (): string => process.env.HF_ENDPOINT || 'https://huggingface.co';

/** `HF_TOKEN`: the token for repositories of the hub that are closed. */
export const hubToken = (): string | undefined => process.env.HF_TOKEN?.trim() || undefined;

/** `NBSERVE_ENGINE`: what provides the nodes of a cluster whose start names no `engine`: `local` or `ray`. Default `local`. */
export const engineName = (): string | undefined => process.env.NBSERVE_ENGINE || undefined;

/** `RAY_AUTH_TOKEN`: the token for Ray's API, as Ray's own tools take it. A line feed at its end, as a file of Kubernetes may have, is no part of it. */
export const rayTokenText = (): string | undefined => process.env.RAY_AUTH_TOKEN?.trim() || undefined;

/** `RAY_API_SERVER_ADDRESS`: the address of Ray's dashboard, as Ray's own tools take it. */
export const rayApiAddress = (): string | undefined => process.env.RAY_API_SERVER_ADDRESS || undefined;

/** `RAY_AUTH_MODE`: if it is set and not `token`, no token is sent to Ray, as by Ray's own tools. */
export const rayAuthMode = (): string | undefined => process.env.RAY_AUTH_MODE || undefined;

/** `RAY_AUTH_TOKEN_PATH`: the file that holds that token. Default: `~/.ray/auth_token`. */
export const rayTokenPath = (): string | undefined => process.env.RAY_AUTH_TOKEN_PATH || undefined;

/**
 * `ORT_DISABLE_TELEMETRY`: ONNX Runtime sends data about its use to Microsoft unless this is set; nbserve sets it to `1`. If you want that, set it to `0`.
 */
// It writes files into the home folder and the temporary folder too, since 1.29: https://github.com/microsoft/onnxruntime/pull/27379.
const NO_TELEMETRY = { ORT_DISABLE_TELEMETRY: '1' } as const;

/** The variables that Node and nbserve need. */
const NEEDED = [
  ...Object.keys(NO_TELEMETRY),
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
 * The environment for a child process: a copy of this process's environment, in which `extra` replaces and adds variables. Telemetry is off in it.
 * @param inherit names of the variables that are copied besides those that every process needs; without it, all are copied
 */
export function childEnv(extra: Readonly<Record<string, string>> = {}, inherit?: readonly string[]): Record<string, string> {
  const own = process.env as Record<string, string>;
  if (inherit === undefined) return { ...NO_TELEMETRY, ...own, ...extra };
  const inherited = [...NEEDED, ...inherit].filter((name) => Object.hasOwn(own, name));
  return { ...NO_TELEMETRY, ...Object.fromEntries(inherited.map((name) => [name, own[name] as string])), ...extra };
}

/** Adds variables to the environment of this process; native code that is loaded later sees them as well. */
export function addToEnv(variables: Readonly<Record<string, string>>): void {
  Object.assign(process.env, variables);
}

/** Turns telemetry off in this process and its children, unless its user has decided. In a thread other than the main one, native code does not see it. */
export function withoutTelemetry(): void {
  process.env.ORT_DISABLE_TELEMETRY ||= NO_TELEMETRY.ORT_DISABLE_TELEMETRY;
}

/** `PATH`: the folders in which programs are looked for. */
export const programPath = (): string => process.env.PATH ?? '';

/** `LD_LIBRARY_PATH`: the folders in which the loader looks for libraries first. */
export const libraryPath = (): string => process.env.LD_LIBRARY_PATH ?? '';

/** `CUDA_VISIBLE_DEVICES`: the GPUs that this process may use. Empty means none, absent means all. */
export const visibleGpus = (): string | undefined => process.env.CUDA_VISIBLE_DEVICES;

/** `CUDA_DEVICE_ORDER`: how CUDA numbers the GPUs. If it is absent, a replica with a GPU gets `PCI_BUS_ID`, the order of `nvidia-smi`, by whose numbers nbserve knows the GPUs. */
export const gpuOrder = (): string | undefined => process.env.CUDA_DEVICE_ORDER;

/** `NBSERVE_NOSET_CUDA_VISIBLE_DEVICES`: if it is set, and not `0` or `false`, replicas see all GPUs; so they do with `RAY_EXPERIMENTAL_NOSET_CUDA_VISIBLE_DEVICES`. */
const NOSET_GPUS = ['NBSERVE_NOSET_CUDA_VISIBLE_DEVICES', 'RAY_EXPERIMENTAL_NOSET_CUDA_VISIBLE_DEVICES'] as const;

/** True if `CUDA_VISIBLE_DEVICES` is not to be set for replicas. @param own variables of a deployment, which win over those of this process */
export const keepsVisibleGpus = (own: Readonly<Record<string, string>> = {}): boolean =>
  NOSET_GPUS.some((name) => !['', '0', 'false', undefined].includes((own[name] ?? process.env[name])?.toLowerCase()));

/** `VK_DRIVER_FILES`: the only drivers that the Vulkan loader uses; `VK_ICD_FILENAMES` is its older name. */
export const vulkanDrivers = (): readonly string[] =>
  (process.env.VK_DRIVER_FILES || process.env.VK_ICD_FILENAMES || '').split(':').filter((file) => file !== '');

/** `OMP_NUM_THREADS`: the number of threads that a numeric library uses in this process. If it is absent, the library chooses. */
export const openMpThreads = (): number | undefined => threads(process.env.OMP_NUM_THREADS);

/** `VIPS_CONCURRENCY`: the number of threads that sharp uses for one picture in this process. If it is absent, sharp chooses. */
export const imageThreads = (): number | undefined => threads(process.env.VIPS_CONCURRENCY);

/** `UV_THREADPOOL_SIZE`: the number of threads of libuv's pool, which runs what Node does beside the event loop. libuv's own default is 4. */
export const poolThreads = (): number => threads(process.env.UV_THREADPOOL_SIZE) ?? 4;

function threads(value: string | undefined): number | undefined {
  const count = Number(value);
  return Number.isInteger(count) && count > 0 ? count : undefined;
}

/** `NBSERVE_CLUSTER`: folder of the cluster that the command line talks to. A notebook sets it for its `!` commands. */
export const clusterFolder = (): string | undefined => process.env.NBSERVE_CLUSTER || undefined;

/** npm, npx and similar programs set this for their child processes, and those pass it on to theirs. */
export const packageRunner = (): string | undefined => process.env.npm_command;
