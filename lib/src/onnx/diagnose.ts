import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import { type Gpu, listGpus, nvidiaDriver, visibleGpus } from '../core/index.js';
import type { CheckedDevice } from './check-device.js';
import { shorten } from './provider-failure.js';
import { loadRuntime } from './runtime.js';
import type { Device } from './types.js';

/** What was found about one device. */
export interface DeviceDiagnosis {
  readonly device: Device;
  /** Whether it ran the model of the check. */
  readonly works: boolean;
  /** Why it does not work, or what is odd about it. */
  readonly reason?: string;
  /** Whether it computed what the CPU computed. Absent if it does not work, and if the CPU does not. */
  readonly agrees?: boolean;
  /** Billions of floating-point operations in a second, in products of matrices. */
  readonly gflops?: number;
  /** The time of the first run, in milliseconds: a device may compile its kernels then. */
  readonly firstRunMs?: number;
  /** Bytes in a second that a run takes in and gives back, for a model that does little. */
  readonly bytesPerSecond?: number;
}

/** What this machine can run models on. As a text, it is a short report. */
export class Diagnosis {
  constructor(
    readonly node: string,
    readonly platform: string,
    readonly runtime: string,
    /** The execution providers with which ONNX Runtime was built. */
    readonly providers: readonly string[],
    /** The GPUs that `nvidia-smi` lists; null if there is none that works. */
    readonly gpus: readonly Gpu[] | null,
    /** The version of the NVIDIA driver; null if `nvidia-smi` does not say it. */
    readonly driver: string | null,
    /** `CUDA_VISIBLE_DEVICES`; null if it is not set. */
    readonly visible: string | null,
    /** Whether runs are made beside the event loop, or why not. */
    readonly beside: string,
    readonly devices: readonly DeviceDiagnosis[],
  ) {}

  toString(): string {
    const gpus = this.gpus === null ? ['no NVIDIA driver (nvidia-smi does not answer)'] : this.gpus.map(describeGpu);
    return [
      `Node ${this.node} on ${this.platform}, ONNX Runtime ${this.runtime} (${this.providers.join(', ')})`,
      `CUDA_VISIBLE_DEVICES ${this.visible === null ? 'is not set' : `is '${this.visible}'`}`,
      ...(this.driver === null ? [] : [`NVIDIA driver ${this.driver}`]),
      ...(gpus.length === 0 ? ['the NVIDIA driver lists no GPU'] : gpus),
      `runs beside the event loop: ${this.beside}`,
      ...this.devices.map(describeDevice),
    ].join('\n');
  }

  [inspect.custom](): string {
    return this.toString();
  }
}

function describeGpu({ index, name, uuid, memoryBytes, usedBytes, utilization }: Gpu): string {
  const gib = (bytes: number | undefined): string => (bytes === undefined ? '?' : (bytes / 2 ** 30).toFixed(1));
  const busy = utilization === undefined ? '' : `, ${Math.round(utilization * 100)} % busy`;
  return `GPU ${index}: ${name}${uuid === undefined ? '' : ` (${uuid})`}, ${gib(usedBytes)} of ${gib(memoryBytes)} GiB in use${busy}`;
}

function describeDevice({ device, works, reason, agrees, gflops, firstRunMs, bytesPerSecond }: DeviceDiagnosis): string {
  const name = device.padEnd(7);
  if (!works) return `${name} does not work: ${reason ?? ''}`;
  const answer =
    agrees === true
      ? 'its answers are those of the CPU'
      : agrees === false
        ? `its answers are wrong: ${reason ?? ''}`
        : (reason ?? 'nothing was compared');
  const speed = `${(gflops ?? 0).toFixed(1)} GFLOP/s, ${((bytesPerSecond ?? 0) / 2 ** 30).toFixed(2)} GiB/s in and out, first run ${(firstRunMs ?? 0).toFixed(0)} ms`;
  return `${name} works, ${answer}; ${speed}`;
}

/** Time for each device, in milliseconds: a GPU may compile its kernels first. All take less than three minutes. */
const LIMITS: Readonly<Record<Device, number>> = { cpu: 30_000, cuda: 70_000, webgpu: 70_000 };

/**
 * Checks each device, in a process of its own: loads a model, compares its answers with those of the CPU, and measures its speed. It takes some seconds, and
 * up to a minute for a device that compiles its kernels.
 */
export async function diagnose(): Promise<Diagnosis> {
  const ort = loadRuntime();
  const providers = ort.listSupportedBackends().map(({ name }) => name);
  const [gpus, driver] = await Promise.all([listGpus(), nvidiaDriver()]);
  const program = fileURLToPath(new URL('./diagnose-main.js', import.meta.url));
  const found: CheckedDevice[] = [];
  for (const device of ['cpu', 'cuda', 'webgpu'] as const) found.push(await checkApart(device, program, LIMITS[device]));
  return new Diagnosis(
    process.versions.node,
    `${process.platform} ${process.arch}`,
    ort.env.versions.node ?? ort.env.versions.common,
    providers,
    gpus ?? null,
    driver,
    visibleGpus() ?? null,
    found[0]?.beside ?? 'no',
    found.map(({ diagnosis }) => diagnosis),
  );
}

/** Checks a device in another process. @param program what that process runs, with the device as its argument */
export function checkApart(device: Device, program: string, limitMs: number): Promise<CheckedDevice> {
  const fails = (reason: string): CheckedDevice => ({
    diagnosis: { device, works: false, reason },
    beside: 'no, because the check of the CPU did not end',
  });
  return new Promise((resolve) => {
    const options = { timeout: limitMs, killSignal: 'SIGKILL', maxBuffer: 2 ** 26 } as const;
    execFile(process.execPath, [program, device], options, (error, stdout, stderr) => {
      if (error?.killed === true) return resolve(fails(`its check took longer than ${limitMs / 1000} s, and was ended`));
      const words = shorten(stderr);
      const end = error?.signal ? `ended by ${error.signal}` : `ended with the code ${String(error?.code)}`;
      if (error !== null) return resolve(fails(`the process that checked it was ${end}${words === '' ? '' : `: ${words}`}`));
      resolve(
        answerIn(stdout) ?? fails(`the process that checked it ended without an answer${words === '' ? '' : `: ${words}`}`),
      );
    });
  });
}

/** The answer of a check: a line of its own, since drivers print too, also at the end of the process. */
function answerIn(stdout: string): CheckedDevice | undefined {
  const line = stdout.split('\n').findLast((one) => one.startsWith('{"diagnosis"'));
  try {
    return line === undefined ? undefined : (JSON.parse(line) as CheckedDevice);
  } catch {
    return undefined;
  }
}
