import { CUDA_LIBRARIES, CUDA_MAJOR, OLDEST_DRIVER, PROVIDER_FILES } from './requirements.js';

/** What was found on this machine. */
export interface CudaFacts {
  /** Such as `linux x64`. */
  readonly platform: string;
  /** The version of onnxruntime-node; null if it is not installed. */
  readonly runtimeVersion: string | null;
  /** The version of the NVIDIA driver; null if `nvidia-smi` does not answer. */
  readonly driverVersion: string | null;
  /** Names of the GPUs that the driver lists. */
  readonly gpus: readonly string[];
  /** Those of {@link PROVIDER_FILES} that lie beside the runtime. */
  readonly providerFiles: readonly string[];
  /** The libraries that the system's loader finds, and those that this command has installed: file → folder. */
  readonly libraries: ReadonlyMap<string, string>;
  /** Folders with libraries that this command has installed, and that LD_LIBRARY_PATH does not name. */
  readonly ownFolders: readonly string[];
}

/** One thing that models on CUDA need. */
export interface CudaNeed {
  readonly what: string;
  readonly isThere: boolean;
  /** What was found, or what is missing and who can install it. */
  readonly detail: string;
  /** Names of the files that are missing, if packages have them. */
  readonly missing: readonly string[];
  /** True if it belongs to the machine that runs the models, and not to an image that is built elsewhere. */
  readonly isOfMachine: boolean;
}

/** What is there and what is missing, in the order in which it is needed. Pure. */
export function cudaNeeds(facts: CudaFacts): readonly CudaNeed[] {
  return [platform(facts), driver(facts), gpu(facts), runtime(facts), provider(facts), libraries(facts)];
}

const need = (what: string, isThere: boolean, detail: string, missing: readonly string[] = []): CudaNeed => ({
  what,
  isThere,
  detail,
  missing,
  isOfMachine: what.startsWith('NVIDIA'),
});

function platform({ platform: found }: CudaFacts): CudaNeed {
  const isThere = found === 'linux x64';
  return need('platform', isThere, isThere ? found : `${found}; ONNX Runtime for Node runs CUDA on linux x64 only`);
}

function driver({ driverVersion }: CudaFacts): CudaNeed {
  const who = `install version ${OLDEST_DRIVER} or later with the packages of your distribution or from NVIDIA, as root; no registry of packages has it`;
  if (driverVersion === null) return need('NVIDIA driver', false, `missing: nvidia-smi does not answer; ${who}`);
  const isNew = Number.parseInt(driverVersion, 10) >= OLDEST_DRIVER;
  return need('NVIDIA driver', isNew, isNew ? driverVersion : `${driverVersion} is too old for CUDA ${CUDA_MAJOR}; ${who}`);
}

function gpu({ gpus }: CudaFacts): CudaNeed {
  return need('NVIDIA GPU', gpus.length > 0, gpus.length > 0 ? gpus.join(', ') : 'missing: the driver lists none');
}

function runtime({ runtimeVersion }: CudaFacts): CudaNeed {
  const how = 'missing: ONNXRUNTIME_NODE_INSTALL=skip npm install onnxruntime-node';
  return need('onnxruntime-node', runtimeVersion !== null, runtimeVersion ?? how);
}

function provider({ providerFiles, runtimeVersion }: CudaFacts): CudaNeed {
  const missing = PROVIDER_FILES.filter((file) => !providerFiles.includes(file));
  const detail =
    missing.length === 0
      ? 'beside onnxruntime-node'
      : `missing: ${missing.join(', ')}; PyPI onnxruntime-gpu==${runtimeVersion ?? '…'} has them`;
  return need('CUDA provider', missing.length === 0, detail, missing);
}

function libraries({ libraries: found }: CudaFacts): CudaNeed {
  const missing = CUDA_LIBRARIES.filter(({ file }) => !found.has(file));
  const packages = [...new Set(missing.map(({ requirement }) => requirement))];
  const detail =
    missing.length === 0
      ? `in ${[...new Set(found.values())].join(', ')}`
      : `missing: ${missing.map(({ file }) => file).join(', ')}; PyPI has them: ${packages.join(', ')}`;
  return need(
    `CUDA ${CUDA_MAJOR} and cuDNN 9`,
    missing.length === 0,
    detail,
    missing.map(({ file }) => file),
  );
}

/** The needs as lines of a table. */
export function describeNeeds(needs: readonly CudaNeed[]): string {
  return needs.map(({ what, isThere, detail }) => `${isThere ? 'yes' : 'NO '}  ${what.padEnd(20)} ${detail}`).join('\n');
}
