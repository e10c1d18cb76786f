import { execFile } from 'node:child_process';
import { availableParallelism, totalmem } from 'node:os';
import type { NodeInfo } from '../engine.js';

const QUERY_TIMEOUT_MS = 10_000;

let gpus: Promise<number> | undefined;

/** What this machine has. GPUs are asked for once. */
export async function machineResources(): Promise<NodeInfo['resources']> {
  gpus ??= countGpus();
  return { cpu: availableParallelism(), gpu: await gpus, memory: totalmem() };
}

/** By the driver's own tool: device files exist where no GPU works. */
function countGpus(): Promise<number> {
  return new Promise((resolve) => {
    execFile('nvidia-smi', ['--query-gpu=index', '--format=csv,noheader'], { timeout: QUERY_TIMEOUT_MS }, (error, stdout) => {
      resolve(error === null ? stdout.split('\n').filter((line) => /^\d+$/.test(line.trim())).length : 0);
    });
  });
}
