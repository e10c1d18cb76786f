import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { listGpus, visibleGpus, vulkanDrivers } from '../core/index.js';

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
  /** `CUDA_VISIBLE_DEVICES`: empty means that this process was given no GPU. */
  readonly visibleGpus: string | null;
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
  const hasHardware = existsSync('/dev/dri/renderD128') || existsSync('/dev/dxg') || existsSync('/dev/nvidia0');
  const files = platform === 'linux' ? ['libonnxruntime_providers_shared.so', 'libonnxruntime_providers_cuda.so'] : [];
  return {
    platform,
    backends,
    missingCudaFiles: files.filter((file) => !existsSync(join(folder, file))),
    nvidiaGpus: (await listGpus())?.map(({ name }) => name) ?? null,
    softwareGraphics: platform === 'linux' && (!hasHardware || isSoftware(vulkanDrivers())),
    // On Linux, a hardware adapter has a render node (on WSL /dev/dxg). Other systems always have an adapter.
    hasGraphics: platform !== 'linux' || (hasHardware && !isSoftware(vulkanDrivers())),
    visibleGpus: visibleGpus() ?? null,
  };
}

/** Whether the files that the environment names for the Vulkan loader are all drivers of software: lavapipe of Mesa, or SwiftShader. */
const isSoftware = (files: readonly string[]): boolean =>
  files.length > 0 && files.every((file) => /(lvp|lavapipe|swiftshader)[^/]*$/i.test(file));
