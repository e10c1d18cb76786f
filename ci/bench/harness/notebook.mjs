import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { kernelArgv } from '../../../kernel-ext/dist/install/index.js';
import { KernelClient } from './kernel-client.mjs';

const CACHE = fileURLToPath(new URL('../../../.cache', import.meta.url));

/** Starts nbserve's kernel for a notebook in a new folder of the repository, so that `nbserve` can be imported. */
export const startNotebook = () => startIn((cwd) => KernelClient.start(kernelArgv(), { cwd }));

/** The same on tslab's converter. */
export const startTslab = () => startIn((cwd) => KernelClient.start(kernelArgv(), { cwd, env: { NBSERVE_TYPES: 'tslab' } }));

/** Deno's kernel, in the same surroundings. */
export const startDeno = (deno) =>
  startIn((cwd) =>
    KernelClient.start([deno, 'jupyter', '--kernel', '--conn', '{connection_file}'], {
      cwd,
      env: { DENO_NO_UPDATE_CHECK: '1', NO_COLOR: '1' },
    }),
  );

/** ipykernel, in the same surroundings. */
export const startIpykernel = (python) =>
  startIn((cwd) => KernelClient.start([python, '-m', 'ipykernel_launcher', '-f', '{connection_file}'], { cwd }));

async function startIn(begin) {
  mkdirSync(CACHE, { recursive: true });
  const folder = mkdtempSync(join(CACHE, 'bench-'));
  const kernel = await begin(folder);
  const end = kernel.end.bind(kernel);
  kernel.end = async () => {
    await end();
    rmSync(folder, { recursive: true, force: true });
  };
  return kernel;
}
