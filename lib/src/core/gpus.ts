import { execFile } from 'node:child_process';
import { visibleGpus } from './env.js';

/** An NVIDIA GPU, or a part of one (MIG), as `nvidia-smi` lists it. */
export interface Gpu {
  /** Its name for `CUDA_VISIBLE_DEVICES`: the number of a GPU, the UUID of a part. */
  readonly index: string;
  readonly name: string;
  /** Absent if the driver does not say it. */
  readonly uuid?: string;
  /** All its memory, in bytes. Absent for a part of a GPU, and if the driver does not say it. */
  readonly memoryBytes?: number;
  /** What of it is in use, by anybody, in bytes. */
  readonly usedBytes?: number;
  /** How much of the time it worked lately, from 0 to 1. */
  readonly utilization?: number;
}

const QUERY_TIMEOUT_MS = 10_000;
const MAX_PAUSE_MS = 86_400_000;
/** Grows with each question that has no answer: if the driver hangs, each leaves a process that no signal ends. */
let pauseMs = 60_000;
const MIB = 2 ** 20;
/** What is asked for, most first: an old driver refuses a query with a field that it does not know. */
const QUERIES = [
  ['index', 'name', 'uuid', 'memory.total', 'memory.used', 'utilization.gpu', 'mig.mode.current'],
  ['index', 'name', 'uuid', 'memory.total', 'memory.used'],
  ['index', 'name'],
];

/**
 * The NVIDIA GPUs of this machine, as `nvidia-smi` lists them. If a GPU is divided (MIG), its parts are listed instead. Device files prove nothing: they
 * can exist when no driver works.
 * @param forget called if `nvidia-smi` gave no answer, which says nothing about the GPUs, a minute later or more: who keeps the result forgets it then and asks again
 * @returns undefined if there is no `nvidia-smi` that works
 */
export async function listGpus(forget?: () => void): Promise<readonly Gpu[] | undefined> {
  for (const fields of QUERIES) {
    const answer = await ask([`--query-gpu=${fields.join(',')}`, '--format=csv,noheader,nounits']);
    // What has not answered once is not asked in other words.
    if (answer === 'no program') return undefined;
    if (answer === 'no end') break;
    if (answer === null) continue;
    const gpus = answer.split('\n').flatMap(readGpu);
    if (!gpus.some(({ isDivided }) => isDivided)) return gpus.map(({ gpu }) => gpu);
    const parts = readParts((await ask(['-L'])) ?? '');
    return gpus.flatMap(({ gpu, isDivided }) => (isDivided ? (parts.get(gpu.index) ?? []) : [gpu]));
  }
  if (forget !== undefined) {
    setTimeout(forget, pauseMs).unref();
    pauseMs = Math.min(2 * pauseMs, MAX_PAUSE_MS);
  }
  return undefined;
}

/** The GPUs of this machine that this process may use, by their names for `CUDA_VISIBLE_DEVICES`. @param forget as that of {@link listGpus} */
export async function ownGpus(forget?: () => void): Promise<readonly string[]> {
  const listed = (await listGpus(forget)) ?? [];
  const named = visibleGpus();
  return listed.length === 0 || named === undefined ? listed.map(({ index }) => index) : usableGpus(named, listed);
}

/**
 * The GPUs that `CUDA_VISIBLE_DEVICES` makes visible, by CUDA's rule: the list ends at the first entry that names no GPU, such as -1. Pure.
 * @param named the variable
 * @param listed the GPUs of this machine. If there are none, any number and any UUID counts as one, because other GPUs than NVIDIA's are not listed
 */
export function usableGpus(named: string, listed: readonly Gpu[]): readonly string[] {
  const ids = named.split(',').map((id) => id.trim());
  const end = ids.findIndex((id) => !isGpu(id, listed));
  return end < 0 ? ids : ids.slice(0, end);
}

function isGpu(id: string, listed: readonly Gpu[]): boolean {
  // The first letters of a UUID are enough.
  if (/^(GPU|MIG)-/.test(id)) {
    const uuids = listed.flatMap(({ uuid }) => uuid ?? []);
    return uuids.length === 0 || uuids.some((uuid) => uuid.startsWith(id));
  }
  if (!/^\d+$/.test(id)) return false;
  // A GPU that is divided is listed by its parts, which have no numbers.
  return listed.every(({ index }) => !/^\d+$/.test(index)) || listed.some(({ index }) => Number(index) === Number(id));
}

/** The version of the NVIDIA driver; null if `nvidia-smi` does not answer. */
export async function nvidiaDriver(): Promise<string | null> {
  const answer = await ask(['--query-gpu=driver_version', '--format=csv,noheader']);
  return /^\s*(\d[\d.]*)\s*$/m.exec(answer ?? '')?.[1] ?? null;
}

function ask(args: readonly string[]): Promise<string | null | 'no program' | 'no end'> {
  return new Promise((resolve) => {
    const program = execFile('nvidia-smi', args, (error, stdout) => {
      clearTimeout(timer);
      if (error === null) resolve(stdout);
      else resolve(error.code === ('ENOENT' as never) ? 'no program' : null);
    });
    const timer = setTimeout(() => {
      // If it waits for a driver that hangs, no signal ends it. This process must be able to end nevertheless.
      program.kill('SIGKILL');
      program.unref();
      program.stdout?.destroy();
      program.stderr?.destroy();
      resolve('no end');
    }, QUERY_TIMEOUT_MS);
  });
}

/** Lines that name no GPU, such as "No devices were found", are left out. A name may contain commas. */
function readGpu(line: string): { readonly gpu: Gpu; readonly isDivided: boolean }[] {
  const parts = line.split(',').map((part) => part.trim());
  const [index = ''] = parts;
  if (!/^\d+$/.test(index)) return [];
  const at = parts.findIndex((part) => /^(GPU|MIG)-/.test(part));
  if (at < 0) return [{ gpu: { index, name: parts.slice(1).join(', ') }, isDivided: false }];
  const [uuid = '', total, used, busy, mig] = parts.slice(at);
  const [memory, inUse, utilization] = [numberOf(total), numberOf(used), numberOf(busy)];
  const gpu: Gpu = {
    index,
    name: parts.slice(1, at).join(', '),
    uuid,
    ...(memory === undefined ? {} : { memoryBytes: memory * MIB }),
    ...(inUse === undefined ? {} : { usedBytes: inUse * MIB }),
    ...(utilization === undefined ? {} : { utilization: utilization / 100 }),
  };
  return [{ gpu, isDivided: mig === 'Enabled' }];
}

/** A driver writes `[N/A]` or `[Not Supported]` for what it does not know. */
const numberOf = (text: string | undefined): number | undefined =>
  text !== undefined && /^[\d.]+$/.test(text) ? Number(text) : undefined;

/** The parts of GPUs by the number of the GPU, from the lines of `nvidia-smi -L`. */
function readParts(text: string): Map<string, Gpu[]> {
  const found = new Map<string, Gpu[]>();
  let parts: Gpu[] = [];
  for (const line of text.split('\n')) {
    const [, number] = /^GPU (\d+):/.exec(line) ?? [];
    if (number !== undefined) {
      parts = [];
      found.set(number, parts);
    }
    const [, name = '', uuid] = /^\s+(MIG \S+)\s.*\(UUID: (MIG-[^)]+)\)/.exec(line) ?? [];
    if (uuid !== undefined) parts.push({ index: uuid, name, uuid });
  }
  return found;
}
