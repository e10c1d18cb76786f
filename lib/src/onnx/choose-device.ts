import { hasCode, isNbserveError } from '../core/index.js';
import { candidates, type DeviceChoice, obstacleTo } from './device.js';
import type { DeviceFacts } from './device-facts.js';
import { LoadFailed, NotAnOnnxModel, NotBeside, OutOfMemory, WrongAnswers } from './errors.js';
import { type OpenedSession, openSession } from './open-session.js';
import type { LoadValues } from './options.js';
import { isOutOfMemory } from './out-of-memory.js';
import { nativeReason, remedyOf } from './provider-failure.js';
import { refuseElementTypes } from './readable.js';
import type { Attempt } from './report.js';
import { plainWords } from './runtime-words.js';
import type { Device } from './types.js';

export interface Choice {
  readonly attempts: readonly Attempt[];
  /** The device that runs the model; null if none does. */
  readonly opened: (OpenedSession & { readonly device: Device }) | null;
}

/**
 * Tries the devices, one after the other, until one runs the model.
 * @param check refuses a session, such as one whose answers are wrong, by throwing
 * @throws NBS_ONNX_INVALID_MODEL, NBS_ONNX_LOAD_FAILED, NBS_ONNX_NOT_BESIDE
 */
export async function chooseDevice(
  source: string | Uint8Array,
  label: string,
  values: LoadValues & { readonly name: string },
  facts: DeviceFacts,
  check: (opened: OpenedSession, device: Device) => Promise<void>,
): Promise<Choice> {
  const attempts: Attempt[] = [];
  let chosen: Choice['opened'] = null;
  for (const { device, obstacle } of candidates(values.device, facts, values.strict)) {
    if (chosen !== null) attempts.push({ device, outcome: 'not tried', reason: `${chosen.device} runs it` });
    else if (obstacle !== undefined && values.device === 'auto')
      attempts.push({ device, outcome: 'not tried', reason: obstacle });
    else {
      try {
        const opened = await openSession(source, device, values, label);
        await check(opened, device).catch(async (error: unknown) => {
          await opened.session.release();
          throw error;
        });
        chosen = { ...opened, device };
        // The report also names an obstacle that did not prevent it, such as a software adapter.
        attempts.push({ device, outcome: 'running', ...(obstacle === undefined ? {} : { reason: obstacle }) });
      } catch (error) {
        // What cannot be done for the CPU cannot be done for any device.
        if (hasCode(error, NotBeside) && (values.device !== 'auto' || device === 'cpu')) throw error;
        attempts.push({ device, outcome: 'failed', reason: await failure(error, device, source, label, values, facts) });
      }
    }
  }
  return { attempts, opened: chosen };
}

/** Why a device failed. @throws if another device would fail too */
async function failure(
  error: unknown,
  device: Device,
  source: string | Uint8Array,
  label: string,
  { device: asked, name }: { readonly device: DeviceChoice; readonly name: string },
  facts: DeviceFacts,
): Promise<string> {
  const reason = reasonOf(error);
  if (hasCode(error, WrongAnswers) || hasCode(error, NotBeside)) return reason;
  // The inputs to verify it with are wrong.
  if (isNbserveError(error)) throw error;
  if (isUnreadable(reason)) throw NotAnOnnxModel({ source: label, reason }, error);
  if (device === 'cpu' || device === asked) refuseLast(error, reason, device, source, label, name);
  const known = obstacleTo(device, facts);
  if (known !== undefined) return `${known} (${reason})`;
  const native = await nativeReason(device);
  return (native === '' ? reason : `${reason} (${native})`) + remedyOf(device, native);
}

/** What nothing else is tried after, and which has a code of its own. @throws NBS_ONNX_OUT_OF_MEMORY, NBS_ONNX_UNSUPPORTED_INPUT, NBS_ONNX_UNSUPPORTED_TYPE; for the CPU also NBS_ONNX_LOAD_FAILED */
export function refuseLast(
  error: unknown,
  reason: string,
  device: Device,
  source: string | Uint8Array,
  label: string,
  name: string,
): void {
  if (isOutOfMemory(reason)) throw OutOfMemory({ name: label, device, reason }, error);
  if (/Unsupported data type/.test(reason)) refuseElementTypes(name, source);
  if (device === 'cpu') throw LoadFailed({ source: label, device, reason }, error);
}

const reasonOf = (error: unknown): string => plainWords((error as Error).message);

const isUnreadable = (reason: string): boolean =>
  /not those of a whole model|ModelProto|Invalid model|Unsupported model IR|opset/i.test(reason);
