import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { cacheFolder, isOurs, libraryPath, listGpus, nvidiaDriver } from '../core/index.js';
import { CUDA_LIBRARIES, PROVIDER_FILES } from './requirements.js';
import type { CudaFacts } from './state.js';

const TIMEOUT_MS = 10_000;

/** The folders that the set-up reads and writes. */
export interface CudaFolders {
  /** The folder of ONNX Runtime's library; null if onnxruntime-node is not installed. */
  readonly runtime: string | null;
  readonly runtimeVersion: string | null;
  /** The folder in which packages are installed, for this version of ONNX Runtime. */
  readonly packages: string;
}

/** The folders of this installation of nbserve. */
export function cudaFolders(): CudaFolders {
  const require = createRequire(import.meta.url);
  const cache = cacheFolder('cuda');
  try {
    const file = require.resolve('onnxruntime-node/package.json');
    const { version } = require(file) as { readonly version: string };
    const runtime = join(dirname(file), 'bin', 'napi-v6', process.platform, process.arch);
    return { runtime, runtimeVersion: version, packages: join(cache, version) };
  } catch {
    return { runtime: null, runtimeVersion: null, packages: cache };
  }
}

/** Looks at this machine. It changes nothing. */
export async function lookForCuda({ runtime, runtimeVersion, packages }: CudaFolders): Promise<CudaFacts> {
  const own = ownFolders(packages);
  const [gpus, driverVersion, known] = await Promise.all([
    listGpus(),
    nvidiaDriver(),
    // It is not on the path of every user.
    answerOf('ldconfig', ['-p']).then((list) => list ?? answerOf('/sbin/ldconfig', ['-p'])),
  ]);
  const libraries = new Map<string, string>();
  for (const { file } of CUDA_LIBRARIES) {
    const folders = [...libraryPath().split(delimiter).filter(Boolean), ...own];
    const folder = folders.find((each) => existsSync(join(each, file))) ?? folderIn(known ?? '', file);
    if (folder !== undefined) libraries.set(file, folder);
  }
  return {
    platform: `${process.platform} ${process.arch}`,
    runtimeVersion,
    driverVersion,
    gpus: (gpus ?? []).map(({ name }) => name),
    providerFiles: PROVIDER_FILES.filter((file) => runtime !== null && existsSync(join(runtime, file))),
    libraries,
    ownFolders: own.filter((folder) => !libraryPath().split(delimiter).includes(folder)),
  };
}

/** The folders with libraries that pip has made: `nvidia/cu13/lib`, `nvidia/cudnn/lib` and such. */
function ownFolders(packages: string): string[] {
  const nvidia = join(packages, 'nvidia');
  if (!isOurs(packages) || !existsSync(nvidia)) return [];
  return readdirSync(nvidia)
    .map((name) => join(nvidia, name, 'lib'))
    .filter((folder) => existsSync(folder));
}

/** The folder of a library in the list of `ldconfig -p`. */
function folderIn(list: string, file: string): string | undefined {
  for (const line of list.split('\n')) {
    const [name = '', path] = line.trim().split(' => ');
    if (path !== undefined && name.split(' ')[0] === file) return dirname(path);
  }
  return undefined;
}

/** What a program prints; null if it fails or is not there. */
function answerOf(program: string, args: readonly string[]): Promise<string | null> {
  return new Promise((resolve) => {
    execFile(program, args, { timeout: TIMEOUT_MS }, (error, stdout) => resolve(error === null ? stdout : null));
  });
}
