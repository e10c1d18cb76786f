import { existsSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Candidate, candidates, deviceChoices, obstacleTo, providerNames } from './device.js';
import { DeviceUnavailable, ModelNotFound, NotAnOnnxModel, UnknownOutput } from './errors.js';
import { describeAll } from './feeds.js';
import { thisMachine } from './machine.js';
import { Model } from './model.js';
import { type LoadOptions, type LoadValues, parseLoadOptions } from './options.js';
import { type Attempt, DeviceReport } from './report.js';
import { loadRuntime, type Session, type SessionOptions } from './runtime.js';
import type { DataType, OutputTypes, TensorInfo } from './types.js';

/**
 * Loads an ONNX model.
 * @param model path or file URL of an `.onnx` file, or its bytes
 * @throws NBS_ONNX_NOT_FOUND, NBS_ONNX_INVALID_MODEL, NBS_ONNX_DEVICE_UNAVAILABLE, NBS_ONNX_UNKNOWN_OUTPUT, NBS_ONNX_RUNTIME_MISSING, NBS_UNKNOWN_OPTION, NBS_INVALID_OPTION
 */
export async function load<const O extends OutputTypes = OutputTypes>(
  model: string | URL | Uint8Array,
  options: LoadOptions<O> = {},
): Promise<Model<O>> {
  const values = parseLoadOptions(options);
  const source = model instanceof URL ? fileURLToPath(model) : model;
  if (typeof source === 'string' && !(existsSync(source) && statSync(source).isFile())) throw ModelNotFound({ path: source });
  const label = typeof source === 'string' ? source : `this ${source.byteLength}-byte array`;
  const ort = loadRuntime();
  const machine = await thisMachine(ort.listSupportedBackends().map((backend) => backend.name));

  const attempts: Attempt[] = [];
  let session: Session | undefined;
  for (const candidate of candidates(values.device, machine)) {
    const { device, obstacle } = candidate;
    if (session !== undefined)
      attempts.push({ device, outcome: 'not tried', reason: `${attempts.at(-1)?.device ?? 'another'} runs it` });
    else if (obstacle !== undefined && values.device === 'auto')
      attempts.push({ device, outcome: 'not tried', reason: obstacle });
    else {
      try {
        session = await create(source, candidate, values);
        attempts.push({ device, outcome: 'running' });
      } catch (error) {
        const reason = (error as Error).message.trim();
        if (isUnreadable(reason) || device === 'cpu')
          throw NotAnOnnxModel({ source: label, reason: reason.split('\n')[0] ?? reason }, error);
        const known = obstacleTo(device, machine);
        attempts.push({ device, outcome: 'failed', reason: known === undefined ? reason : `${known} (${reason})` });
      }
    }
  }
  if (session === undefined) {
    const valid = `valid are ${deviceChoices.map((choice) => `'${choice}'`).join(', ')}, of which 'auto' and 'cpu' always run`;
    throw DeviceUnavailable({ device: values.device, reason: attempts.map((attempt) => attempt.reason).join('; '), valid });
  }
  const device = (attempts.find((attempt) => attempt.outcome === 'running') as Attempt).device;
  const report = new DeviceReport(
    values.device,
    device,
    providerNames[device],
    ort.env.versions.node ?? ort.env.versions.common,
    values.intraOpThreads,
    attempts,
  );
  const name = values.name ?? (typeof source === 'string' ? basename(source) : 'model');
  const inputs = toInfos(session.inputMetadata);
  const outputs = chosenOutputs(toInfos(session.outputMetadata), values.outputs);
  return new Model<O>(session, name, inputs, outputs, report);
}

function create(source: string | Uint8Array, { device }: Candidate, values: LoadValues): Promise<Session> {
  const options: SessionOptions = {
    executionProviders: [device === 'cuda' ? { name: 'cuda', deviceId: values.deviceId } : device],
    interOpNumThreads: values.interOpThreads,
    logSeverityLevel: 3,
    // Threads that spin while they wait take the cores from the other replicas: p99 is five times as long with two threads.
    extra: { 'session.intra_op.allow_spinning': '0', ...values.extra },
    ...(values.intraOpThreads === 0 ? {} : { intraOpNumThreads: values.intraOpThreads }),
    ...(values.dimensions === undefined ? {} : { freeDimensionOverrides: values.dimensions }),
  };
  const { InferenceSession } = loadRuntime();
  return typeof source === 'string' ? InferenceSession.create(source, options) : InferenceSession.create(source, options);
}

const isUnreadable = (reason: string): boolean =>
  /protobuf parsing failed|ModelProto|Invalid model|Unsupported model IR|opset/i.test(reason);

function toInfos(metadata: Session['inputMetadata']): TensorInfo[] {
  return metadata.map((each) =>
    each.isTensor
      ? { name: each.name, type: each.type as DataType, shape: [...each.shape] }
      : { name: each.name, type: undefined, shape: [] },
  );
}

function chosenOutputs(all: readonly TensorInfo[], wanted: OutputTypes | undefined): readonly TensorInfo[] {
  if (wanted === undefined) return all;
  return Object.entries(wanted).map(([name, type]) => {
    const info = all.find((each) => each.name === name && each.type === type);
    if (info === undefined) throw UnknownOutput({ name, type, valid: describeAll(all) });
    return info;
  });
}
