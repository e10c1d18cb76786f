import { existsSync, statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { duringStart, InvalidOption, isNews, visibleGpus } from '../core/index.js';
import { chooseDevice } from './choose-device.js';
import { type DeviceChoice, deviceChoices, providerNames } from './device.js';
import { deviceFacts } from './device-facts.js';
import { dataTypes } from './elements.js';
import { DeviceUnavailable, ModelNotFound, UnknownOutput, UnsupportedInput, UnsupportedType, WrongAnswers } from './errors.js';
import { checkFeeds, describeTensors, toFeeds } from './feeds.js';
import { LastingSession } from './lasting-session.js';
import { refuseTooLarge } from './memory-need.js';
import { readMetadata } from './metadata.js';
import { Model } from './model.js';
import { type OpenedSession, openSession } from './open-session.js';
import { type LoadOptions, type LoadValues, parseLoadOptions } from './options.js';
import { refuseOtherFormats } from './other-formats.js';
import { DeviceReport } from './report.js';
import { loadRuntime } from './runtime.js';
import type { Device, OutputTypes, TensorInfo } from './types.js';
import { findDifference } from './verify.js';

/**
 * Loads an ONNX model. If a replica's constructor begins to load one, the replica is ready when the model is loaded, whether the constructor awaits the
 * promise or not. If the model cannot be loaded and the constructor does not handle that, the deploy fails with the reason.
 * @param model the path or file URL of an `.onnx` file, or its bytes
 * @throws NBS_ONNX_NOT_FOUND, NBS_ONNX_INVALID_MODEL, NBS_ONNX_DEVICE_UNAVAILABLE, NBS_ONNX_LOAD_FAILED, NBS_ONNX_OUT_OF_MEMORY, NBS_ONNX_UNKNOWN_OUTPUT, NBS_ONNX_UNSUPPORTED_TYPE, NBS_ONNX_RUNTIME_MISSING, NBS_UNKNOWN_OPTION, NBS_INVALID_OPTION
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
  const metadata = readMetadata(source);
  refuseTooLarge(source, label, values.shareWeights);
  const ort = loadRuntime();
  const facts = await deviceFacts(ort.listSupportedBackends().map((backend) => backend.name));

  // If the CUDA libraries are there and do not load, only the log says why.
  if (facts.missingCudaFiles.length === 0) ort.env.logLevel = 'error';

  const name = values.name ?? (typeof source === 'string' ? basename(source) : 'model');
  const { attempts, opened } = await chooseDevice(source, label, values, facts, (session, device) =>
    verify(source, label, values, session, device),
  );
  if (opened === null) {
    const valid = `valid are ${deviceChoices.map((choice) => `'${choice}'`).join(', ')}, of which 'cpu' always runs, and 'auto' if it is not strict`;
    const reason = attempts.map(({ device, reason: why = '' }) => (attempts.length === 1 ? why : `${device}: ${why}`)).join('; ');
    throw DeviceUnavailable({ device: values.device, reason, valid });
  }
  const { device } = opened;
  const session = new LastingSession(opened.session, async () => (await openSession(source, device, values, label)).session);
  const report = new DeviceReport(
    values.device,
    device,
    providerNames[device],
    ort.env.versions.node ?? ort.env.versions.common,
    values.intraOpThreads,
    attempts,
    { asked: values.runIn, session, loopReason: opened.loopReason ?? null },
    device === 'webgpu' && facts.softwareGraphics ? 'software Vulkan' : undefined,
  );
  tellFallback(name, report, options.device);
  let outputs: readonly TensorInfo[];
  try {
    checkInputs(name, session.inputs);
    outputs = readableOutputs(name, chosenOutputs(session.outputs, values.outputs));
  } catch (error) {
    await session.release();
    throw error;
  }
  return new Model<O>(session, name, outputs, report, metadata);
}

/** @throws NBS_ONNX_WRONG_ANSWERS if the device's answers are not those of the CPU */
async function verify(
  source: string | Uint8Array,
  label: string,
  values: LoadValues,
  { session }: OpenedSession,
  device: Device,
): Promise<void> {
  if (values.verify === undefined || device === 'cpu') return;
  const feeds = toFeeds(session.inputs, values.verify);
  checkFeeds(session.inputs, feeds);
  const outputs = session.outputs.map((output) => output.name);
  const cpu = await openSession(source, 'cpu', { ...values, runIn: 'loop' }, label);
  try {
    const expected = await cpu.session.run(feeds, outputs, null);
    const difference = findDifference(await session.run(feeds, outputs, null), expected);
    if (difference !== undefined) throw WrongAnswers({ device, difference });
  } finally {
    await cpu.session.release();
  }
}

let told = false;

/**
 * Says why `auto` has ended with the CPU, if somebody counted on another device: they asked for `auto`, or a GPU is reserved. It is said once in a process,
 * and once for all replicas and workers of a deployment.
 */
function tellFallback(name: string, report: DeviceReport, asked: DeviceChoice | undefined): void {
  const reserved = visibleGpus() ?? '';
  if (told || report.requested !== 'auto' || report.device !== 'cpu' || (asked === undefined && reserved === '')) return;
  told = true;
  const text = `${name} runs on the CPU. ${report.failures.join('. ')}`;
  if (isNews(text)) console.warn(text);
}

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
