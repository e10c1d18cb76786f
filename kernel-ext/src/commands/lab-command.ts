import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineError, type ErrorDefinition } from 'nbserve/host';
import { installKernelspec } from '../install/index.js';
import type { Command } from './command.js';
import { cacheHome, labEnvironment } from './env.js';

const USAGE = 'nbserve lab [<arguments of jupyter lab> …]';

const NoPython: ErrorDefinition<'JupyterLab needs Python 3.9 or newer, and none was found: {reason}'> = defineError(
  'NBS_NO_PYTHON',
  404,
  'JupyterLab needs Python 3.9 or newer, and none was found: {reason}',
);

export const labCommand: Command = {
  name: 'lab',
  summary: 'open JupyterLab with this kernel',
  help: `${USAGE}

Uses the jupyter on your PATH; where there is none, installs JupyterLab into a private virtual environment first (once; needs Python 3).
The kernel is made known to this JupyterLab only.`,
  async run(args) {
    const jupyter = findJupyter() ?? installJupyter();
    const prefix = mkdtempSync(join(tmpdir(), 'nbserve-lab-'));
    try {
      installKernelspec({ prefix });
      const lab = spawn(jupyter, ['lab', ...args], { stdio: 'inherit', env: labEnvironment(join(prefix, 'share', 'jupyter')) });
      // Ctrl-C reaches Jupyter by itself and it asks the user; we end when it does.
      process.on('SIGINT', () => {});
      process.on('SIGTERM', () => lab.kill('SIGTERM'));
      return await new Promise<number>((resolve, reject) => {
        lab.on('error', reject);
        lab.on('exit', (code) => resolve(code ?? 1));
      });
    } finally {
      rmSync(prefix, { recursive: true, force: true });
    }
  },
};

function findJupyter(): string | undefined {
  return spawnSync('jupyter', ['lab', '--version'], { encoding: 'utf8' }).status === 0 ? 'jupyter' : undefined;
}

/** @throws NBS_NO_PYTHON; the error of pip where a package cannot be had */
function installJupyter(): string {
  const venv = join(cacheHome() ?? join(homedir(), '.cache', 'nbserve'), 'jupyter');
  const jupyter = join(venv, 'bin', 'jupyter');
  if (existsSync(jupyter)) return jupyter;
  console.log(`installing JupyterLab into ${venv} (once)…`);
  mkdirSync(venv, { recursive: true });
  const made = spawnSync('python3', ['-m', 'venv', venv], { encoding: 'utf8' });
  if (made.status !== 0) throw NoPython({ reason: String(made.error ?? made.stderr) });
  const pip = spawnSync(join(venv, 'bin', 'python'), ['-m', 'pip', 'install', '--quiet', 'jupyterlab'], { stdio: 'inherit' });
  if (pip.status !== 0) {
    rmSync(venv, { recursive: true, force: true });
    throw NoPython({ reason: 'pip could not install jupyterlab' });
  }
  return jupyter;
}
