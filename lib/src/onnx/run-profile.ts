import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { providerNames } from './device.js';

/** One node of a model in a run. */
export interface ProfiledNode {
  /** Its name in the model, as far as it has one: ONNX Runtime joins nodes and names those itself. */
  readonly name: string;
  /** Its operator. */
  readonly op: string;
  /** The device on which it ran. */
  readonly device: string;
  /** Milliseconds. */
  readonly ms: number;
}

/** What ran on which device in one run of a model. As a text, it is a short table. */
export class RunProfile {
  constructor(
    /** In the order in which they ran. */
    readonly nodes: readonly ProfiledNode[],
  ) {}

  /** Number of nodes, their time and their operators, for each device. */
  get devices(): Readonly<Record<string, { readonly nodes: number; readonly ms: number; readonly ops: readonly string[] }>> {
    const found: Record<string, { nodes: number; ms: number; ops: string[] }> = {};
    for (const { device, ms, op } of this.nodes) {
      const entry = found[device] ?? { nodes: 0, ms: 0, ops: [] };
      entry.nodes += 1;
      entry.ms += ms;
      if (!entry.ops.includes(op)) entry.ops.push(op);
      found[device] = entry;
    }
    return found;
  }

  toString(): string {
    return Object.entries(this.devices)
      .map(
        ([device, { nodes, ms, ops }]) =>
          `${device.padEnd(7)} ${nodes} nodes, ${ms.toFixed(2)} ms: ${[...ops].sort().join(', ')}`,
      )
      .join('\n');
  }

  [inspect.custom](): string {
    return this.toString();
  }
}

const devices = new Map(Object.entries(providerNames).map(([device, provider]) => [provider, device]));

/** Reads a profile that ONNX Runtime has written. Only nodes count, because the rest is the runtime's own work. */
function readProfile(text: string): RunProfile {
  const events = JSON.parse(text) as { cat?: string; name?: string; dur?: number; args?: Record<string, string> }[];
  return new RunProfile(
    events.flatMap(({ cat, name = '', dur = 0, args }) => {
      if (cat !== 'Node' || args?.provider === undefined || !name.endsWith('_kernel_time')) return [];
      const { provider, op_name: op = '' } = args;
      return [{ name: name.slice(0, -'_kernel_time'.length), op, device: devices.get(provider) ?? provider, ms: dur / 1000 }];
    }),
  );
}

/** Calls `work` with the prefix of a profile's file, and reads the file that it made. */
export async function withProfile(work: (prefix: string) => Promise<void>): Promise<RunProfile> {
  const folder = mkdtempSync(join(tmpdir(), 'nbserve-profile-'));
  try {
    await work(join(folder, 'run'));
    const [file = ''] = readdirSync(folder);
    return readProfile(readFileSync(join(folder, file), 'utf8'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
