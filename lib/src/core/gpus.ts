import { execFile } from 'node:child_process';

/** An NVIDIA GPU as `nvidia-smi` lists it. */
export interface Gpu {
  /** Its number, as `CUDA_VISIBLE_DEVICES` takes it. */
  readonly index: string;
  readonly name: string;
}

const QUERY_TIMEOUT_MS = 10_000;

/**
 * The NVIDIA GPUs of this machine, as `nvidia-smi` lists them. Device files prove nothing: they can exist when no driver works.
 * @returns undefined if there is no `nvidia-smi` that works
 */
export function listGpus(): Promise<readonly Gpu[] | undefined> {
  const query = ['--query-gpu=index,name', '--format=csv,noheader'];
  return new Promise((resolve) => {
    execFile('nvidia-smi', query, { timeout: QUERY_TIMEOUT_MS }, (error, stdout) => {
      resolve(error === null ? stdout.split('\n').flatMap(readGpu) : undefined);
    });
  });
}

/** Lines that name no GPU, such as "No devices were found", are left out. */
function readGpu(line: string): Gpu[] {
  const [index = '', ...name] = line.split(',').map((part) => part.trim());
  return /^\d+$/.test(index) ? [{ index, name: name.join(', ') }] : [];
}
