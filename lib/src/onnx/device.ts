import type { Machine } from './machine.js';
import type { Device } from './types.js';

/** `auto`: CUDA, else a hardware WebGPU adapter, else the CPU; never a device that this process was not given. */
export type DeviceChoice = Device | 'auto';
export const deviceChoices = ['auto', 'cpu', 'cuda', 'webgpu'] as const satisfies readonly DeviceChoice[];

/** A provider as ONNX Runtime names it. */
export const providerNames: { readonly [D in Device]: string } = {
  cpu: 'CPUExecutionProvider',
  cuda: 'CUDAExecutionProvider',
  webgpu: 'WebGpuExecutionProvider',
};

/** One device in the order of preference. With an `obstacle`, `auto` does not try it. */
export interface Candidate {
  readonly device: Device;
  readonly obstacle?: string;
}

/** Devices to try, one at a time: ONNX Runtime throws for a whole list when one of its providers is unavailable. */
export function candidates(choice: DeviceChoice, machine: Machine): readonly Candidate[] {
  const all: readonly Device[] = choice === 'auto' ? ['cuda', 'webgpu', 'cpu'] : [choice];
  return all.map((device) => {
    const obstacle = obstacleTo(device, machine);
    return obstacle === undefined ? { device } : { device, obstacle };
  });
}

/** Why a device should not be tried here, or, after it failed, the likely reason. */
export function obstacleTo(device: Device, machine: Machine): string | undefined {
  if (device === 'cpu') return undefined;
  if (!machine.backends.includes(device)) return `this build of onnxruntime-node has no ${device} provider`;
  if (machine.visibleGpus === '') return 'this process was given no GPU (CUDA_VISIBLE_DEVICES is empty)';
  if (device === 'webgpu')
    return machine.hasGraphics ? undefined : 'there is no graphics hardware here, at most a software adapter';
  const missing = [
    ...(machine.missingCudaFiles.length > 0
      ? [`${machine.missingCudaFiles.join(' and ')} (the npm package carries no CUDA provider)`]
      : []),
    ...(machine.nvidiaGpus === undefined
      ? ['an NVIDIA driver (nvidia-smi does not answer)']
      : machine.nvidiaGpus.length === 0
        ? ['an NVIDIA GPU']
        : []),
  ];
  return missing.length === 0 ? undefined : `missing: ${missing.join(', ')}`;
}
