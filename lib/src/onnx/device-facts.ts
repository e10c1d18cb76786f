import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { listGpus, usableGpus, visibleGpus, vulkanDrivers } from '../core/index.js';

/** The facts that decide on a device. They are read once per process. */
export interface DeviceFacts {
  readonly platform: string;
  /** The providers with which the installed ONNX Runtime was built. */
  readonly backends: readonly string[];
  /** The missing files that the CUDA provider needs beside the runtime. */
  readonly missingCudaFiles: readonly string[];
  /** NVIDIA GPUs by name as `nvidia-smi` lists them; `null` if there is no `nvidia-smi` that works. */
  readonly nvidiaGpus: readonly string[] | null;
  /** False if there can be only a software (CPU) graphics adapter. */
  readonly hasGraphics: boolean;
  /** True if all Vulkan drivers that this process loads are software, so that an adapter is the CPU. */
  readonly softwareGraphics: boolean;
  /** `CUDA_VISIBLE_DEVICES`; null if it is not set. */
  readonly visibleGpus: string | null;
  /** True if that variable names no GPU of this machine. */
  readonly hidesGpus: boolean;
}

let found: Promise<DeviceFacts> | undefined;

export function deviceFacts(backends: readonly string[]): Promise<DeviceFacts> {
  found ??= look(backends);
  return found;
}

async function look(backends: readonly string[]): Promise<DeviceFacts> {
  const { platform, arch } = process;
  const folder = join(
    dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json')),
    'bin',
    'napi-v6',
    platform,
    arch,
  );
  const gpus = await listGpus();
  const visible = visibleGpus() ?? null;
  const hasHardware = existsSync('/dev/dxg') || hasFile('/dev/dri', /^renderD\d+$/) || hasFile('/dev', /^nvidia\d+$/);
  const onlySoftware = isSoftware(driversOf(vulkanDrivers(), DRIVER_FOLDERS));
  const files = platform === 'linux' ? ['libonnxruntime_providers_shared.so', 'libonnxruntime_providers_cuda.so'] : [];
  return {
    platform,
    backends,
    missingCudaFiles: files.filter((file) => !existsSync(join(folder, file))),
    nvidiaGpus: gpus?.map(({ name }) => name) ?? null,
    softwareGraphics: platform === 'linux' && (!hasHardware || onlySoftware),
    // On Linux, a hardware adapter has a render node (on WSL /dev/dxg) and a driver. Other systems always have an adapter.
    hasGraphics: platform !== 'linux' || (hasHardware && !onlySoftware),
    visibleGpus: visible,
    hidesGpus: visible !== null && usableGpus(visible, gpus ?? []).length === 0,
  };
}

/** Where the Vulkan loader looks for drivers, if the environment does not name them. */
const DRIVER_FOLDERS = [
  '/etc/vulkan/icd.d',
  '/usr/share/vulkan/icd.d',
  '/usr/local/share/vulkan/icd.d',
  '/usr/local/etc/vulkan/icd.d',
];

const filesIn = (folder: string): readonly string[] => {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
};
const hasFile = (folder: string, name: RegExp): boolean => filesIn(folder).some((file) => name.test(file));

/** The files that describe Vulkan's drivers. @param named those that the environment names, which may be folders too */
export function driversOf(named: readonly string[], usual: readonly string[]): readonly string[] {
  const isDriver = (file: string): boolean => file.endsWith('.json');
  const inFolder = (folder: string): readonly string[] =>
    filesIn(folder)
      .filter(isDriver)
      .map((file) => join(folder, file));
  return named.length === 0 ? usual.flatMap(inFolder) : named.flatMap((path) => (isDriver(path) ? [path] : inFolder(path)));
}

/** Whether all drivers are software: lavapipe of Mesa, or SwiftShader. If none is found, nobody knows. */
export const isSoftware = (files: readonly string[]): boolean =>
  files.length > 0 && files.every((file) => /(lvp|lavapipe|swiftshader|swrast)[^/]*$/i.test(file));
