import { existsSync, statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { duringStart, hasCode, InvalidOption } from '../core/index.js';
import { candidates, deviceChoices, obstacleTo, providerNames } from './device.js';
import { deviceFacts } from './device-facts.js';
import { dataTypes } from './elements.js';
import {
  DeviceUnavailable,
  LoadFailed,
  ModelNotFound,
  NotAnOnnxModel,
  NotBeside,
  UnknownOutput,
  UnsupportedInput,
  UnsupportedType,
} from './errors.js';
import { describeTensors } from './feeds.js';
import { Model } from './model.js';
import { type OpenedSession, openSession } from './open-session.js';
import { type LoadOptions, parseLoadOptions } from './options.js';
import { refuseOtherFormats } from './other-formats.js';
import { type Attempt, DeviceReport } from './report.js';
import { loadRuntime } from './runtime.js';
import { plainWords } from './runtime-words.js';
import type { OutputTypes, TensorInfo } from './types.js';

/**
 * Loads an ONNX model. If a replica's constructor begins to load one, the replica is ready when the model is loaded, whether the constructor awaits the
 * promise or not. If the model cannot be loaded and the constructor does not handle that, the deploy fails with the reason.
 * @param model the path or file URL of an `.onnx` file, or its bytes
 * @throws NBS_ONNX_NOT_FOUND, NBS_ONNX_INVALID_MODEL, NBS_ONNX_DEVICE_UNAVAILABLE, NBS_ONNX_LOAD_FAILED, NBS_ONNX_UNKNOWN_OUTPUT, NBS_ONNX_UNSUPPORTED_TYPE, NBS_ONNX_RUNTIME_MISSING, NBS_UNKNOWN_OPTION, NBS_INVALID_OPTION
 */
export function load<const O extends OutputTypes = OutputTypes>(
  model: string | URL | Uint8Array,
  options: LoadOptions<O> = {},
): Promise<Model<O>> {
  const what = model instanceof Uint8Array ? 'a model of bytes' : String(model);
  return duringStart(`onnx.load of ${what}`, () => loadModel(model, options));
}

async function loadModel<O extends OutputTypes>(model: string | URL | Uint8Array, options: LoadOptions<O>): Promise<Model<O>> {
  const values = parseLoadOptions(options);
  if (typeof model !== 'string' && !(model instanceof URL) && !(model instanceof Uint8Array)) {
    throw InvalidOption({
      where: 'onnx.load',
      option: 'model',
      expected: 'a path, a file URL or the bytes of a model',
      value: model === null ? 'null' : typeof model,
    });
  }
  const source = model instanceof URL ? fileURLToPath(model) : model;
  if (typeof source === 'string' && !(existsSync(source) && statSync(source).isFile()))
    throw ModelNotFound({ path: resolve(source) });
  const label = typeof source === 'string' ? source : `this ${source.byteLength}-byte array`;
  refuseOtherFormats(source, label);
  const ort = loadRuntime();
  const facts = await deviceFacts(ort.listSupportedBackends().map((backend) => backend.name));

  // If the CUDA libraries are there and do not load, only the log says why.
  if (facts.missingCudaFiles.length === 0) ort.env.logLevel = 'error';

  const attempts: Attempt[] = [];
  let opened: OpenedSession | undefined;
  for (const { device, obstacle } of candidates(values.device, facts)) {
    if (opened !== undefined)
      attempts.push({ device, outcome: 'not tried', reason: `${attempts.at(-1)?.device ?? 'another'} runs it` });
    else if (obstacle !== undefined && values.device === 'auto')
      attempts.push({ device, outcome: 'not tried', reason: obstacle });
    else {
      try {
        opened = await openSession(source, device, values, label);
        // The report also names an obstacle that did not prevent it, such as a software adapter.
        attempts.push({ device, outcome: 'running', ...(obstacle === undefined ? {} : { reason: obstacle }) });
      } catch (error) {
        if (hasCode(error, NotBeside) && values.device !== 'auto') throw error;
        const reason = reasonOf(error);
        if (isUnreadable(reason)) throw NotAnOnnxModel({ source: label, reason }, error);
        if (device === 'cpu') throw LoadFailed({ source: label, device, reason }, error);
        const known = obstacleTo(device, facts);
        attempts.push({ device, outcome: 'failed', reason: known === undefined ? reason : `${known} (${reason})` });
      }
    }
  }
  if (opened === undefined) {
    const valid = `valid are ${deviceChoices.map((choice) => `'${choice}'`).join(', ')}, of which 'auto' and 'cpu' always run`;
    throw DeviceUnavailable({ device: values.device, reason: attempts.map((attempt) => attempt.reason).join('; '), valid });
  }
  const device = (attempts.find((attempt) => attempt.outcome === 'running') as Attempt).device;
  const { session } = opened;
  const report = new DeviceReport(
    values.device,
    device,
    providerNames[device],
    ort.env.versions.node ?? ort.env.versions.common,
    values.intraOpThreads,
    attempts,
    { asked: values.runIn, session, loopReason: opened.loopReason },
  );
  const name = values.name ?? (typeof source === 'string' ? basename(source) : 'model');
  let outputs: readonly TensorInfo[];
  try {
    checkInputs(name, session.inputs);
    outputs = readableOutputs(name, chosenOutputs(session.outputs, values.outputs));
  } catch (error) {
    await session.release();
    throw error;
  }
  return new Model<O>(session, name, outputs, report);
}

const reasonOf = (error: unknown): string => plainWords((error as Error).message);

const isUnreadable = (reason: string): boolean =>
  /not those of a whole model|ModelProto|Invalid model|Unsupported model IR|opset/i.test(reason);

/** Checks that the Node binding can read each output: an output of uint4 would end the process, and with sequences and maps each run would fail. */
function readableOutputs(model: string, outputs: readonly TensorInfo[]): readonly TensorInfo[] {
  const unreadable = outputs.filter(isUnsupported);
  if (unreadable.length > 0) throw UnsupportedType({ name: model, outputs: describeTensors(unreadable) });
  return outputs;
}

/** Checks that the Node binding can make each input. */
function checkInputs(model: string, inputs: readonly TensorInfo[]): void {
  const unsupported = inputs.filter(isUnsupported);
  if (unsupported.length > 0)
    throw UnsupportedInput({ name: model, inputs: describeTensors(unsupported), valid: dataTypes.join(', ') });
}

const isUnsupported = ({ type }: TensorInfo): boolean => type === undefined || !dataTypes.includes(type);

function chosenOutputs(all: readonly TensorInfo[], wanted: OutputTypes | undefined): readonly TensorInfo[] {
  if (wanted === undefined) return all;
  return Object.entries(wanted).map(([name, type]) => {
    const info = all.find((each) => each.name === name && each.type === type);
    if (info === undefined) throw UnknownOutput({ name, type, valid: describeTensors(all) });
    return info;
  });
}
