import { existsSync, statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { duringStart, InvalidOption, isNews, visibleGpus } from '../core/index.js';
import { chooseDevice } from './choose-device.js';
import { type DeviceChoice, deviceChoices, providerNames } from './device.js';
import { deviceFacts } from './device-facts.js';
import { DeviceUnavailable, ModelNotFound, UnknownOutput, WrongAnswers } from './errors.js';
import { checkFeeds, describeTensors, toFeeds } from './feeds.js';
import { LastingSession } from './lasting-session.js';
import { refuseTooLarge } from './memory-need.js';
import { readMetadata } from './metadata.js';
import { Model } from './model.js';
import { type OpenedSession, openSession } from './open-session.js';
import { type LoadOptions, type LoadValues, parseLoadOptions } from './options.js';
import { refuseOtherFormats, refuseOtherWeights } from './other-formats.js';
import { checkInputs, readableOutputs } from './readable.js';
import { DeviceReport, fallbackOf } from './report.js';
import { loadRuntime } from './runtime.js';
import type { Device, OutputTypes, TensorInfo } from './types.js';
import { findDifference } from './verify.js';
import { filesOfWeights } from './weight-files.js';

/**
 * Loads an ONNX model. If a replica's constructor begins to load one, the replica is ready when the model is loaded, whether the constructor awaits the
 * promise or not. If the model cannot be loaded and the constructor does not handle that, the deploy fails with the reason.
 * @param model the path or file URL of an `.onnx` file, or its bytes
 * @throws NBS_ONNX_NOT_FOUND, NBS_ONNX_INVALID_MODEL, NBS_ONNX_DEVICE_UNAVAILABLE, NBS_ONNX_LOAD_FAILED, NBS_ONNX_OUT_OF_MEMORY, NBS_ONNX_UNKNOWN_OUTPUT, NBS_ONNX_UNSUPPORTED_TYPE, NBS_ONNX_UNSUPPORTED_INPUT, NBS_ONNX_RUNTIME_MISSING, NBS_UNKNOWN_OPTION, NBS_INVALID_OPTION
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
  const weights = typeof source === 'string' ? filesOfWeights(source) : [];
  refuseOtherWeights(weights, label);
  refuseTooLarge(source, label, weights, values.shareWeights);
  const ort = loadRuntime();
  const backends = ort.listSupportedBackends().map((backend) => backend.name);
  const facts = await deviceFacts(backends, values.device !== 'cpu');

  // If the CUDA libraries are there and do not load, only the log says why.
  if (facts.missingCudaFiles.length === 0) ort.env.logLevel = 'error';

  const name = values.name ?? (typeof source === 'string' ? basename(source) : 'model');
  const { attempts, opened } = await chooseDevice(source, label, { ...values, name }, facts, (session, device) =>
    verify(source, label, { ...values, name }, session, device),
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
    { asked: values.runIn, session, loopReason: opened.loopReason ?? null, isStrict: values.strict },
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
  values: LoadValues & { readonly name: string },
  { session }: OpenedSession,
  device: Device,
): Promise<void> {
  if (values.verify === undefined || device === 'cpu') return;
  checkInputs(values.name, session.inputs);
  const feeds = toFeeds(session.inputs, values.verify);
  checkFeeds(session.inputs, feeds);
  const outputs = readableOutputs(values.name, chosenOutputs(session.outputs, values.outputs)).map((output) => output.name);
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

/** Says why `auto` did not take a better device. It is said once in a process, and once for all replicas and workers of a deployment. */
function tellFallback(name: string, report: DeviceReport, asked: DeviceChoice | undefined): void {
  const text = fallbackOf(name, report, asked !== undefined || (visibleGpus() ?? '') !== '');
  if (told || text === null) return;
  told = true;
  if (isNews(text)) console.warn(text);
}

function chosenOutputs(all: readonly TensorInfo[], wanted: OutputTypes | undefined): readonly TensorInfo[] {
  if (wanted === undefined) return all;
  return Object.entries(wanted).map(([name, type]) => {
    const info = all.find((each) => each.name === name && each.type === type);
    if (info === undefined) throw UnknownOutput({ name, type, valid: describeTensors(all) });
    return info;
  });
}
