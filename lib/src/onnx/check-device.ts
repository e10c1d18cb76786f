import type { DeviceDiagnosis } from './diagnose.js';
import { load } from './load.js';
import { encodeModel, type OnnxNode } from './model-file.js';
import { tensor } from './tensor.js';
import type { Device, Results, Tensor } from './types.js';
import { findDifference } from './verify.js';

const SIZE = 512;
const LAYERS = 8;
const RUNS = 5;

/** What the process that checks a device prints. */
export interface CheckedDevice {
  readonly diagnosis: DeviceDiagnosis;
  /** Whether runs are made beside the event loop, or why not. */
  readonly beside: string;
}

/** Loads a model on a device, compares its answers with those of the CPU, and measures its speed. */
export async function checkDevice(device: Device): Promise<CheckedDevice> {
  const input = { x: matrix() };
  try {
    const expected = device === 'cpu' ? null : await resultsOfCpu(input);
    const model = await load(products(), { device, name: 'matrices', logLevel: 'fatal' });
    try {
      const begun = performance.now();
      const results = await model.run(input);
      const firstRunMs = performance.now() - begun;
      const seconds = await timeOf(() => model.run(input));
      const copySeconds = await timeOfCopy(device, input);
      const { adapter, canEnd, loopReason } = model.report;
      const compared = comparison(results, expected);
      const reason = compared.reason ?? adapter;
      return {
        diagnosis: {
          device,
          works: true,
          ...(compared.agrees === undefined ? {} : { agrees: compared.agrees }),
          ...(reason === undefined ? {} : { reason }),
          gflops: (2 * SIZE ** 3 * LAYERS) / seconds / 1e9,
          firstRunMs,
          bytesPerSecond: (2 * 4 * SIZE ** 2) / copySeconds,
        },
        beside: canEnd ? 'yes' : `no, ${loopReason ?? ''}`,
      };
    } finally {
      await model.dispose();
    }
  } catch (error) {
    return { diagnosis: { device, works: false, reason: (error as Error).message }, beside: 'no, because the CPU runs no model' };
  }
}

/** @returns the reason, if the CPU cannot run the model */
async function resultsOfCpu(input: { readonly x: Tensor }): Promise<Results | string> {
  try {
    const model = await load(products(), { device: 'cpu', name: 'matrices', logLevel: 'fatal' });
    try {
      return await model.run(input);
    } finally {
      await model.dispose();
    }
  } catch (error) {
    return (error as Error).message;
  }
}

/** Compares what a device computed with what the CPU computed. Pure. @param expected null for the CPU itself; the reason, if the CPU computed nothing */
export function comparison(results: Results, expected: Results | string | null): Pick<DeviceDiagnosis, 'agrees' | 'reason'> {
  if (expected === null) return { agrees: true };
  if (typeof expected === 'string') return { reason: `nothing was compared, because the CPU fails: ${expected}` };
  const difference = findDifference(results, expected);
  return difference === undefined ? { agrees: true } : { agrees: false, reason: difference };
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
  const nodes: OnnxNode[] = Array.from({ length: LAYERS }, (_, i) => ({
    op: 'MatMul',
    inputs: [i === 0 ? 'x' : `m${i}`, 'w'],
    outputs: [i === LAYERS - 1 ? 'y' : `m${i + 1}`],
  }));
  return graph(nodes, { w: matrix() });
}

const copies = (): Uint8Array => graph([{ op: 'Neg', inputs: ['x'], outputs: ['y'] }], {});

function graph(nodes: readonly OnnxNode[], weights: Readonly<Record<string, Tensor>>): Uint8Array {
  const info = (name: string) => ({ name, type: 'float32', shape: [SIZE, SIZE] }) as const;
  return encodeModel({ name: 'check', inputs: [info('x')], outputs: [info('y')], nodes, weights });
}
