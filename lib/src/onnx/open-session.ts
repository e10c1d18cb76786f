import { AutoSession } from './beside/auto-session.js';
import { nativeApi } from './beside/native.js';
import { openBeside } from './beside/open.js';
import { workVaries } from './beside/work-varies.js';
import { NotBeside } from './errors.js';
import { LoopSession } from './loop-session.js';
import { optimizedFile } from './optimized-file.js';
import { type LoadValues, logLevels } from './options.js';
import { loadRuntime, type OrtSessionOptions } from './runtime.js';
import type { Device, ModelSession } from './types.js';

/** A session, and why it runs in the loop, if it was not asked to. */
export interface OpenedSession {
  readonly session: ModelSession;
  readonly loopReason?: string;
}

/** What every session gets. If threads spin while they wait, they take the cores from other replicas: with two threads, p99 is five times as long. */
const ENTRIES = { 'session.intra_op.allow_spinning': '0' };

/**
 * Makes a session for one device.
 * @param label names the model in messages
 * @throws NBS_ONNX_NOT_BESIDE, and the runtime's errors
 */
export async function openSession(
  given: string | Uint8Array,
  device: Device,
  asked: LoadValues,
  label: string,
): Promise<OpenedSession> {
  const { source, values } = device === 'cpu' ? await optimized(given, asked) : { source: given, values: asked };
  const noFallback = values.strict && device !== 'cpu' ? { 'session.disable_cpu_ep_fallback': '1' } : {};
  const entries = { ...ENTRIES, ...noFallback, ...values.extra };
  if (values.runIn === 'loop') return { session: await openInLoop(source, device, values, entries) };
  const api = device === 'cpu' ? nativeApi() : `it is done for the device cpu only, and this one is ${device}`;
  if (typeof api === 'string') {
    if (values.runIn === 'beside') throw NotBeside({ source: label, reason: api });
    return { session: await openInLoop(source, device, values, entries), loopReason: api };
  }
  const beside = await openBeside(api, source, values, entries);
  if (values.runIn === 'beside') return { session: beside };
  const inputs = beside.inputs.map(({ name }) => name);
  return { session: new AutoSession(beside, () => workVaries(source, inputs)) };
}

/** The optimized copy of a model, and the options to load that. */
async function optimized(
  source: string | Uint8Array,
  values: LoadValues,
): Promise<{ readonly source: string | Uint8Array; readonly values: LoadValues }> {
  const { shareWeights, cacheOptimized, graphOptimizationLevel: level, dimensions, extra } = values;
  if (!shareWeights && !cacheOptimized) return { source, values };
  const entries = shareWeights ? { ...extra, 'session.disable_prepacking': '1' } : { ...extra };
  const file = await optimizedFile(source, { level, dimensions, entries });
  return { source: file, values: { ...values, graphOptimizationLevel: 'disabled', extra: entries } };
}

async function openInLoop(
  source: string | Uint8Array,
  device: Device,
  values: LoadValues,
  entries: Readonly<Record<string, string>>,
): Promise<ModelSession> {
  const options: OrtSessionOptions = {
    executionProviders: [device === 'cuda' ? { name: 'cuda', deviceId: values.deviceId } : device],
    interOpNumThreads: values.interOpThreads,
    logSeverityLevel: logLevels.indexOf(values.logLevel) as 0 | 1 | 2 | 3 | 4,
    extra: entries,
    graphOptimizationLevel: values.graphOptimizationLevel,
    enableCpuMemArena: values.memoryArena,
    enableMemPattern: values.memoryPattern,
    ...(values.intraOpThreads === 0 ? {} : { intraOpNumThreads: values.intraOpThreads }),
    ...(values.profilePrefix === undefined ? {} : { enableProfiling: true, profileFilePrefix: values.profilePrefix }),
    ...(values.dimensions === undefined ? {} : { freeDimensionOverrides: values.dimensions }),
  };
  const { InferenceSession } = loadRuntime();
  const session =
    typeof source === 'string' ? await InferenceSession.create(source, options) : await InferenceSession.create(source, options);
  return new LoopSession(session, values.profilePrefix !== undefined);
}
