import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { type Gpu, listGpus, usableGpus, visibleGpus, vulkanDrivers } from '../core/index.js';

/** The facts that decide on a device. They are read once per process, and again if `nvidia-smi` gave no answer. */
export interface DeviceFacts {
  readonly platform: string;
  /** The providers with which the installed ONNX Runtime was built. */
  readonly backends: readonly string[];
  /** The missing files that the CUDA provider needs beside the runtime. */
  readonly missingCudaFiles: readonly string[];
  /** NVIDIA GPUs by name as `nvidia-smi` lists them; `null` if there is no `nvidia-smi` that works, or if it was not asked. */
  readonly nvidiaGpus: readonly string[] | null;
  /** False if there can be only a software (CPU) graphics adapter. */
  readonly hasGraphics: boolean;
  /** True if no Vulkan driver that this process loads is known to be for a GPU of this machine, so that an adapter is the CPU. */
  readonly softwareGraphics: boolean;
  /** `CUDA_VISIBLE_DEVICES`; null if it is not set. */
  readonly visibleGpus: string | null;
  /** True if that variable names no GPU of this machine. */
  readonly hidesGpus: boolean;
}

let found: Promise<DeviceFacts> | undefined;
let foundForCpu: Promise<DeviceFacts> | undefined;

/** @param wantsGpus false for a model that runs on the CPU whatever there is: `nvidia-smi` takes long, and longer if the driver hangs */
export function deviceFacts(backends: readonly string[], wantsGpus: boolean): Promise<DeviceFacts> {
  const forget = (): void => {
    found = undefined;
  };
  if (wantsGpus) found ??= look(backends, () => listGpus(forget));
  else foundForCpu ??= look(backends, async () => undefined);
  return (wantsGpus ? found : foundForCpu) as Promise<DeviceFacts>;
}

async function look(backends: readonly string[], list: () => Promise<readonly Gpu[] | undefined>): Promise<DeviceFacts> {
  const { platform, arch } = process;
  const folder = join(
    dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json')),
    'bin',
    'napi-v6',
    platform,
    arch,
  );
  const gpus = await list();
  const visible = visibleGpus() ?? null;
  const files = platform === 'linux' ? ['libonnxruntime_providers_shared.so', 'libonnxruntime_providers_cuda.so'] : [];
  return {
    platform,
    backends,
    missingCudaFiles: files.filter((file) => !existsSync(join(folder, file))),
    nvidiaGpus: gpus?.map(({ name }) => name) ?? null,
    ...graphicsOf(platform, kernelDrivers(), driversOf(vulkanDrivers(), DRIVER_FOLDERS)),
    visibleGpus: visible,
    hidesGpus: visible !== null && usableGpus(visible, gpus ?? []).length === 0,
  };
}

/** The drivers of the kernel for the graphics devices, null for one of which the system does not tell it. */
function kernelDrivers(): (string | null)[] {
  const nodes = filesIn('/dev/dri').filter((name) => /^renderD\d+$/.test(name));
  return [
    ...nodes.map((node) => linkName(`/sys/class/drm/${node}/device/driver`)),
    ...(existsSync('/dev/dxg') ? ['dxg'] : []),
    ...(filesIn('/dev').some((name) => /^nvidia\d+$/.test(name)) ? ['nvidia'] : []),
  ];
}

function linkName(path: string): string | null {
  try {
    return basename(readlinkSync(path));
  } catch {
    return null;
  }
}

/** Drivers of the kernel, and what is in the name of the file of a Vulkan driver for the same devices. */
const SAME_DEVICES: readonly (readonly [kernel: RegExp, vulkan: RegExp])[] = [
  [/^nvidia/, /nvidia/],
  [/^nouveau/, /nouveau|nvk/],
  [/^(amdgpu|radeon)/, /radeon|amd/],
  [/^(i915|xe$)/, /intel/],
  [/^virtio/, /virtio|gfxstream/],
  [/^msm/, /freedreno/],
  [/^(panfrost|panthor|mali)/, /panfrost|panvk|mali/],
  [/^(v3d|vc4)/, /broadcom|v3d/],
  [/^asahi/, /asahi/],
  [/^(pvr|powervr)/, /powervr|pvr|imagination/],
  [/^dxg/, /dzn|dozen|d3d12/],
];

/**
 * Whether there is an adapter that is a GPU, and whether one that is found can only be software. On Linux, a GPU has a driver in the kernel and one of
 * Vulkan. Mesa installs those for all devices together, with the software one, so the two must be for the same device. Other systems always have an adapter.
 * Pure.
 * @param kernel drivers of the kernel for the devices; null for one that is not known
 * @param files those that describe Vulkan's drivers
 */
export function graphicsOf(
  platform: string,
  kernel: readonly (string | null)[],
  files: readonly string[],
): Pick<DeviceFacts, 'hasGraphics' | 'softwareGraphics'> {
  if (platform !== 'linux') return { hasGraphics: true, softwareGraphics: false };
  const names = files.map((file) => basename(file).toLowerCase());
  const isHardware = kernel.some((driver) =>
    SAME_DEVICES.some(([device, vulkan]) => driver !== null && device.test(driver) && names.some((name) => vulkan.test(name))),
  );
  // Without a file of software, an adapter that is found is one of another driver.
  const hasGraphics = kernel.length > 0 && (isHardware || !names.some((name) => SOFTWARE.test(name)));
  return { hasGraphics, softwareGraphics: !hasGraphics };
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

/** The files that describe Vulkan's drivers. @param named those that the environment names, which may be folders too */
export function driversOf(named: readonly string[], usual: readonly string[]): readonly string[] {
  const isDriver = (file: string): boolean => file.endsWith('.json');
  const inFolder = (folder: string): readonly string[] =>
    filesIn(folder)
      .filter(isDriver)
      .map((file) => join(folder, file));
  return named.length === 0 ? usual.flatMap(inFolder) : named.flatMap((path) => (isDriver(path) ? [path] : inFolder(path)));
}

/** Drivers that are software: lavapipe of Mesa, or SwiftShader. */
const SOFTWARE = /lvp|lavapipe|swiftshader|swrast/;
