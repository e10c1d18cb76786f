import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Command, packageRunnerGone, RUNNER_GONE } from 'nbserve/cli';
import { installKernelspec } from '../install/index.js';
import { labEnvironment } from './env.js';
import { jupyterWithLab } from './jupyter.js';

const USAGE = 'nbserve lab [<arguments of jupyter lab> …]';

/** The longest path of a Unix socket on macOS, without its final zero. */
const SOCKET_PATH_MAX = 103;
/** The longest file name of a kernel's sockets in Jupyter's runtime folder. */
const LONGEST_SOCKET = '/kernel-xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx-ipc-xx';

export const labCommand: Command = {
  name: 'lab',
  summary: 'open JupyterLab with this kernel',
  help: `${USAGE}

The command uses the jupyter on your PATH. If there is none, it first installs JupyterLab into a private virtual environment (once; this needs
Python 3 and about 244 MB). It registers the kernel only with this JupyterLab.

Kernels listen on Unix sockets in a folder that only you can enter, and not on TCP ports, which every user of the machine can reach. If you use
another kernel that supports only TCP, add --KernelManager.transport=tcp.`,
  async run(args) {
    const jupyter = await jupyterWithLab();
    const folder = privateFolder();
    try {
      installKernelspec({ prefix: folder });
      const runtime = join(folder, 'r');
      mkdirSync(runtime, { mode: 0o700 });
      const env = labEnvironment({ dataDir: join(folder, 'share', 'jupyter'), runtimeDir: runtime });
      const lab = spawn(jupyter, ['lab', '--KernelManager.transport=ipc', ...args], { stdio: 'inherit', env });
      // Ctrl-C reaches Jupyter directly, and it asks the user. This process ends when Jupyter does.
      process.on('SIGINT', () => {});
      for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, () => lab.kill('SIGTERM'));
      void packageRunnerGone().then(() => {
        console.error(RUNNER_GONE);
        lab.kill('SIGTERM');
      });
      return await new Promise<number>((resolve, reject) => {
        lab.on('error', reject);
        lab.on('exit', (code) => resolve(code ?? 1));
      });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

/** Makes a folder for the kernelspec and the kernels' sockets, which only its user can read. */
function privateFolder(): string {
  // The path of macOS's temporary folder is too long for sockets.
  const isLong = Buffer.byteLength(`${tmpdir()}/nbserve-lab-xxxxxx/r${LONGEST_SOCKET}`) > SOCKET_PATH_MAX;
  return mkdtempSync(join(isLong ? '/tmp' : tmpdir(), 'nbserve-lab-'));
}
