import { availableParallelism, totalmem } from 'node:os';
import { ownGpus, usableGpus, visibleGpus } from '../../core/index.js';
import type { DeclaredResources, NodeResources } from '../engine.js';

/** The resources of a machine. */
export interface MachineResources {
  readonly cpu: number;
  /** Bytes. */
  readonly memory: number;
  /** Names of its GPUs. */
  readonly gpus: readonly string[];
}

let found: Promise<readonly string[]> | undefined;

/**
 * The resources of each node of this machine. GPUs are looked for once, again if `nvidia-smi` gave no answer, and not at all if every node declares their
 * number.
 * @param onForgotten called when it is time to look for them again
 */
export async function nodeResources(
  declared: readonly DeclaredResources[],
  onForgotten: () => void = () => {},
): Promise<readonly NodeResources[]> {
  const forget = (): void => {
    found = undefined;
    onForgotten();
  };
  const asked = declared.some(({ gpu }) => gpu === undefined);
  if (asked) found ??= ownGpus(forget);
  const gpus = asked ? ((await found) ?? []) : usableGpus(visibleGpus() ?? '', []);
  return divide({ cpu: availableParallelism(), memory: totalmem(), gpus }, declared);
}

/**
 * Divides a machine's resources between its nodes. A node gets what it declares, whether the machine has it or not. The nodes that declare no value for
 * a resource share the rest: cores and memory in equal parts, GPUs as whole ones. No two nodes have a GPU of the same name. Pure.
 */
export function divide(machine: MachineResources, declared: readonly DeclaredResources[]): readonly NodeResources[] {
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
