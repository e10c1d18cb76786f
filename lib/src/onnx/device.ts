import type { DeviceFacts } from './device-facts.js';
import type { Device } from './types.js';

/** The device to run a model on. `auto` takes CUDA, else a hardware WebGPU adapter, else the CPU, and never a device that this process was not given. */
export type DeviceChoice = Device | 'auto';
export const deviceChoices = ['auto', 'cpu', 'cuda', 'webgpu'] as const satisfies readonly DeviceChoice[];

/** ONNX Runtime's names of the providers. */
export const providerNames: { readonly [D in Device]: string } = {
  cpu: 'CPUExecutionProvider',
  cuda: 'CUDAExecutionProvider',
  webgpu: 'WebGpuExecutionProvider',
};

/** A device to try. If it has an `obstacle`, `auto` does not try it. */
export interface DeviceCandidate {
  readonly device: Device;
  readonly obstacle?: string;
}

/**
 * The devices to try, in the order of preference. If `strict`, `auto` does not end with the CPU. They are tried one at a time, because ONNX Runtime throws
 * for a list if one of its providers is unavailable.
 */
export function candidates(choice: DeviceChoice, facts: DeviceFacts, strict = false): readonly DeviceCandidate[] {
  const gpus: readonly Device[] = ['cuda', 'webgpu'];
  const all: readonly Device[] = choice !== 'auto' ? [choice] : strict ? gpus : [...gpus, 'cpu'];
  return all.map((device) => {
    const obstacle = obstacleTo(device, facts);
    return obstacle === undefined ? { device } : { device, obstacle };
  });
}

/** Why a device should not be tried here. After it has failed, this is the likely reason. */
export function obstacleTo(device: Device, facts: DeviceFacts): string | undefined {
  if (device === 'cpu') return undefined;
  if (!facts.backends.includes(device)) return `this build of onnxruntime-node has no ${device} provider`;
  if (facts.hidesGpus) return `this process was given no GPU (${describeHidden(facts.visibleGpus ?? '')})`;
  if (device === 'webgpu')
    return facts.hasGraphics ? undefined : 'there is no graphics hardware here, at most a software adapter';
  const missing = [
    ...(facts.missingCudaFiles.length > 0
      ? [`${facts.missingCudaFiles.join(' and ')} (the npm package carries no CUDA provider; npx nbserve setup cuda installs it)`]
      : []),
    ...(facts.nvidiaGpus === null
      ? ['an NVIDIA driver (nvidia-smi does not answer)']
      : facts.nvidiaGpus.length === 0
        ? ['an NVIDIA GPU']
        : []),
  ];
  return missing.length === 0 ? undefined : `missing: ${missing.join(', ')}`;
}

/** @param visible `CUDA_VISIBLE_DEVICES` */
const describeHidden = (visible: string): string =>
  visible === ''
    ? 'CUDA_VISIBLE_DEVICES is empty; a replica reserves one with resources: { gpu: 1 }'
    : `CUDA_VISIBLE_DEVICES is ${visible}, which begins with no GPU of this machine`;
