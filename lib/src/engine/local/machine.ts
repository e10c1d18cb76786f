import { execFile } from 'node:child_process';
import { availableParallelism, totalmem } from 'node:os';
import { visibleGpus } from '../../core/index.js';
import type { DeclaredResources, NodeResources } from '../engine.js';

const QUERY_TIMEOUT_MS = 10_000;

/** What a machine has. */
export interface Machine {
  readonly cpu: number;
  /** Bytes. */
  readonly memory: number;
  /** Names of its GPUs. */
  readonly gpus: readonly string[];
}

let found: Promise<readonly string[]> | undefined;

/** What each node of this machine has. GPUs are looked for once, and not where their number is declared everywhere. */
export async function nodeResources(declared: readonly DeclaredResources[]): Promise<readonly NodeResources[]> {
  const asked = declared.some(({ gpu }) => gpu === undefined);
  if (asked) found ??= findGpus();
  const gpus = asked ? ((await found) ?? []) : (visibleNames() ?? []);
  return divide({ cpu: availableParallelism(), memory: totalmem(), gpus }, declared);
}

/**
 * Divides a machine between its nodes. What a node declares it has, whether the machine has it or not. The rest of the machine goes to those
 * that declare nothing of it: cores and memory in equal parts, GPUs as whole ones. No two nodes have a GPU of the same name. Pure.
 */
export function divide(machine: Machine, declared: readonly DeclaredResources[]): readonly NodeResources[] {
  const left = [...machine.gpus];
  let number = 0;
  const beyond = (): string => {
    while (machine.gpus.includes(String(number))) number += 1;
    return String(number++);
  };
  const given = declared.map(({ gpu }) =>
    gpu === undefined ? undefined : Array.from({ length: gpu }, () => left.shift() ?? beyond()),
  );
  let undeclared = given.filter((gpus) => gpus === undefined).length;
  return declared.map(({ cpu, memory, custom = {} }, index) => ({
    cpu: cpu ?? machine.cpu / declared.length,
    memory: memory ?? Math.floor(machine.memory / declared.length),
    gpus: given[index] ?? left.splice(0, Math.ceil(left.length / undeclared--)),
    custom,
  }));
}

/** By the driver's own tool: device files exist where no GPU works. Where this process may use some only, those. */
async function findGpus(): Promise<readonly string[]> {
  const all = await queryGpus();
  return all.length === 0 ? all : (visibleNames() ?? all);
}

/** Of `CUDA_VISIBLE_DEVICES`. */
function visibleNames(): readonly string[] | undefined {
  return visibleGpus()
    ?.split(',')
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
