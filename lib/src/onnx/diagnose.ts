import { inspect } from 'node:util';
import { type Gpu, listGpus } from '../core/index.js';
import { deviceFacts } from './device-facts.js';
import { load } from './load.js';
import { encodeModel, type GraphNode } from './model-file.js';
import { loadRuntime } from './runtime.js';
import { tensor } from './tensor.js';
import type { Device, Results, Tensor } from './types.js';
import { findDifference } from './verify.js';

/** What was found about one device. */
export interface DeviceDiagnosis {
  readonly device: Device;
  /** Whether it ran the model of the check. */
  readonly works: boolean;
  /** Why it does not work, or what is odd about it. */
  readonly reason?: string;
  /** Whether it computed what the CPU computed. Absent if it does not work. */
  readonly agrees?: boolean;
  /** Billions of floating-point operations in a second, in products of matrices. */
  readonly gflops?: number;
  /** The time of the first run, in milliseconds: a device may compile its kernels then. */
  readonly firstRunMs?: number;
  /** Bytes in a second that a run takes in and gives back, for a model that does little. */
  readonly bytesPerSecond?: number;
}

/** What this machine can run models on. As a text, it is a short report. */
export class Diagnosis {
  constructor(
    readonly node: string,
    readonly platform: string,
    readonly runtime: string,
    /** The execution providers with which ONNX Runtime was built. */
    readonly providers: readonly string[],
    /** The GPUs that `nvidia-smi` lists; null if there is none that works. */
    readonly gpus: readonly Gpu[] | null,
    /** `CUDA_VISIBLE_DEVICES`; null if it is not set. */
    readonly visible: string | null,
    /** Whether runs are made beside the event loop, or why not. */
    readonly beside: string,
    readonly devices: readonly DeviceDiagnosis[],
  ) {}

  toString(): string {
    const gpus = this.gpus === null ? ['no NVIDIA driver (nvidia-smi does not answer)'] : this.gpus.map(describeGpu);
    return [
      `Node ${this.node} on ${this.platform}, ONNX Runtime ${this.runtime} (${this.providers.join(', ')})`,
      `CUDA_VISIBLE_DEVICES ${this.visible === null ? 'is not set' : `is '${this.visible}'`}`,
      ...(gpus.length === 0 ? ['the NVIDIA driver lists no GPU'] : gpus),
      `runs beside the event loop: ${this.beside}`,
      ...this.devices.map(describeDevice),
    ].join('\n');
  }

  [inspect.custom](): string {
    return this.toString();
  }
}

function describeGpu({ index, name, uuid, memoryBytes, usedBytes, utilization }: Gpu): string {
  const gib = (bytes: number | undefined): string => (bytes === undefined ? '?' : (bytes / 2 ** 30).toFixed(1));
  const busy = utilization === undefined ? '' : `, ${Math.round(utilization * 100)} % busy`;
  return `GPU ${index}: ${name}${uuid === undefined ? '' : ` (${uuid})`}, ${gib(usedBytes)} of ${gib(memoryBytes)} GiB in use${busy}`;
}

function describeDevice({ device, works, reason, agrees, gflops, firstRunMs, bytesPerSecond }: DeviceDiagnosis): string {
  const name = device.padEnd(7);
  if (!works) return `${name} does not work: ${reason ?? ''}`;
  const answer = agrees === true ? 'its answers are those of the CPU' : `its answers are wrong: ${reason ?? ''}`;
  const speed = `${(gflops ?? 0).toFixed(1)} GFLOP/s, ${((bytesPerSecond ?? 0) / 2 ** 30).toFixed(2)} GiB/s in and out, first run ${(firstRunMs ?? 0).toFixed(0)} ms`;
  return `${name} works, ${answer}; ${speed}`;
}

const SIZE = 512;
const LAYERS = 8;
const RUNS = 5;

/**
 * Checks each device: loads a model, compares its answers with those of the CPU, and measures its speed. It takes some seconds, and up to a minute for a
 * device that compiles its kernels.
 */
export async function diagnose(): Promise<Diagnosis> {
  const ort = loadRuntime();
  const providers = ort.listSupportedBackends().map(({ name }) => name);
  const facts = await deviceFacts(providers);
  const input = { x: matrix() };
  const cpu = await check('cpu', input, null);
  const others: DeviceDiagnosis[] = [];
  for (const device of ['cuda', 'webgpu'] as const) others.push((await check(device, input, cpu.results)).diagnosis);
  return new Diagnosis(
    process.versions.node,
    `${process.platform} ${process.arch}`,
    ort.env.versions.node ?? ort.env.versions.common,
    providers,
    (await listGpus()) ?? null,
    facts.visibleGpus,
    cpu.beside,
    [cpu.diagnosis, ...others],
  );
}

interface Checked {
  readonly diagnosis: DeviceDiagnosis;
  readonly results: Results | null;
  readonly beside: string;
}

async function check(device: Device, input: { readonly x: Tensor }, expected: Results | null): Promise<Checked> {
  try {
    const model = await load(products(), { device, name: 'matrices', logLevel: 'fatal' });
    try {
      const begun = performance.now();
      const results = await model.run(input);
      const firstRunMs = performance.now() - begun;
      const difference = expected === null ? undefined : findDifference(results, expected);
      const seconds = await timeOf(() => model.run(input));
      const copySeconds = await timeOfCopy(device, input);
      const adapter = model.report.adapter;
      const reason = difference ?? adapter;
      return {
        diagnosis: {
          device,
          works: true,
          ...(reason === undefined ? {} : { reason }),
          agrees: difference === undefined,
          gflops: (2 * SIZE ** 3 * LAYERS) / seconds / 1e9,
          firstRunMs,
          bytesPerSecond: (2 * 4 * SIZE ** 2) / copySeconds,
        },
        results,
        beside: model.report.canEnd ? 'yes' : `no, ${model.report.attempts.map(({ reason: why }) => why ?? '').join('')}`,
      };
    } finally {
      await model.dispose();
    }
  } catch (error) {
    return { diagnosis: { device, works: false, reason: (error as Error).message }, results: null, beside: 'no' };
  }
}

/** The median time of a run of the model that copies, in seconds. */
async function timeOfCopy(device: Device, input: { readonly x: Tensor }): Promise<number> {
  const copy = await load(copies(), { device, name: 'copy', logLevel: 'fatal' });
  try {
    return await timeOf(() => copy.run(input));
  } finally {
    await copy.dispose();
  }
}

/** The median time of a run, in seconds. */
async function timeOf(run: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < RUNS; i += 1) {
    const begun = performance.now();
    await run();
    times.push((performance.now() - begun) / 1000);
  }
  return times.sort((a, b) => a - b)[RUNS >> 1] as number;
}

/** Values that are the same in each run, so that two machines can be compared. */
const matrix = (): Tensor =>
  tensor(
    Float32Array.from({ length: SIZE * SIZE }, (_, i) => (((i * 7919) % 1000) / 1000 - 0.5) / 8),
    [SIZE, SIZE],
  );

function products(): Uint8Array {
  const nodes: GraphNode[] = Array.from({ length: LAYERS }, (_, i) => ({
    op: 'MatMul',
    inputs: [i === 0 ? 'x' : `m${i}`, 'w'],
    outputs: [i === LAYERS - 1 ? 'y' : `m${i + 1}`],
  }));
  return graph(nodes, { w: matrix() });
}

const copies = (): Uint8Array => graph([{ op: 'Neg', inputs: ['x'], outputs: ['y'] }], {});

function graph(nodes: readonly GraphNode[], weights: Readonly<Record<string, Tensor>>): Uint8Array {
  const info = (name: string) => ({ name, type: 'float32', shape: [SIZE, SIZE] }) as const;
  return encodeModel({ name: 'check', inputs: [info('x')], outputs: [info('y')], nodes, weights });
}
