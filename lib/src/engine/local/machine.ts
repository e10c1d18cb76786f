import { execFile } from 'node:child_process';
import { availableParallelism, totalmem } from 'node:os';
import { visibleGpus } from '../../core/index.js';
import type { DeclaredResources, NodeResources } from '../engine.js';

const QUERY_TIMEOUT_MS = 10_000;

let found: Promise<readonly string[]> | undefined;

/** What this machine has, or is declared to have. GPUs are looked for once, and not where their number is declared. */
export async function machineResources(declared: DeclaredResources = {}): Promise<NodeResources> {
  const { cpu = availableParallelism(), gpu, memory = totalmem(), custom = {} } = declared;
  if (gpu === undefined) found ??= findGpus();
  const gpus = gpu === undefined ? ((await found) ?? []) : Array.from({ length: gpu }, (_, index) => String(index));
  return { cpu, gpus, memory, custom };
}

/** By the driver's own tool: device files exist where no GPU works. Where this process may use some only, those. */
async function findGpus(): Promise<readonly string[]> {
  const visible = visibleGpus();
  const all = await queryGpus();
  if (visible === undefined || all.length === 0) return all;
  return visible
    .split(',')
    .map((id) => id.trim())
    .filter((id) => id !== '');
}

function queryGpus(): Promise<string[]> {
  return new Promise((resolve) => {
    execFile('nvidia-smi', ['--query-gpu=index', '--format=csv,noheader'], { timeout: QUERY_TIMEOUT_MS }, (error, stdout) => {
      const lines = error === null ? stdout.split('\n').map((line) => line.trim()) : [];
      resolve(lines.filter((line) => /^\d+$/.test(line)));
    });
  });
}
