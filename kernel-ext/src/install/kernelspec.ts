import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { NODE_FLAGS } from '../guard/index.js';
import { dataDirEnv, type InstallScope, jupyterDataDir, systemFacts } from './data-dir.js';
import { BadKernelName, KernelspecKept } from './errors.js';

/** The main module of the kernel's process. */
const MAIN = fileURLToPath(new URL('../kernel/main.js', import.meta.url));

/** The command with which Jupyter starts the kernel. Jupyter replaces `{connection_file}`. */
export const kernelArgv = (main = MAIN): string[] => [process.execPath, ...NODE_FLAGS, main, '{connection_file}'];

export type InstallOptions = InstallScope & {
  /** Folder name of the kernelspec, as `jupyter lab --kernel` takes it. @default 'nbserve' */
  readonly name?: string;
  /** What Jupyter's launcher shows. @default 'TypeScript (nbserve)' */
  readonly displayName?: string;
};

/** The folder of the logos. They have the names that Jupyter looks for in a kernelspec. */
const LOGOS = fileURLToPath(new URL('../../logo', import.meta.url));

const DEFAULT_NAME = 'nbserve';

/** The folder of a kernelspec. The name is checked by jupyter_client's rule for names of kernels. */
function specFolder(options: InstallOptions): string {
  const name = options.name ?? DEFAULT_NAME;
  if (!/^[a-z0-9._-]+$/i.test(name)) throw BadKernelName({ name: JSON.stringify(name) });
  return path.join(jupyterDataDir(options, systemFacts(dataDirEnv())), 'kernels', name);
}

/** The content of `kernel.json`. Paths are absolute, because Jupyter starts kernels in any folder and with any PATH. */
const kernelSpec = (displayName = 'TypeScript (nbserve)'): Record<string, unknown> => ({
  argv: kernelArgv(),
  display_name: displayName,
  language: 'typescript',
  interrupt_mode: 'message',
  metadata: { debugger: true },
});

/**
 * Writes the kernelspec, so that Jupyter finds the kernel. It replaces an older one of the same name.
 * @returns the kernelspec's folder
 * @throws NBS_KERNEL_NAME, or NBS_KERNEL_INSTALL if the folder cannot be written
 */
export function installKernelspec(options: InstallOptions = {}): string {
  const folder = specFolder(options);
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, 'kernel.json'), `${JSON.stringify(kernelSpec(options.displayName), null, 2)}\n`);
    cpSync(LOGOS, folder, { recursive: true });
  } catch (error) {
    const why = `it cannot be written: ${textOf(error)}; --user or --prefix choose another folder`;
    throw KernelspecKept({ folder, why }, error);
  }
  return folder;
}

/**
 * Removes the kernelspec.
 * @returns its folder, or undefined if there was none
 * @throws NBS_KERNEL_INSTALL if a folder of that name holds another kernel, or cannot be read or removed
 */
export function uninstallKernelspec(options: InstallOptions = {}): string | undefined {
  const folder = specFolder(options);
  const file = path.join(folder, 'kernel.json');
  if (!existsSync(file)) return undefined;
  if (!isOurs(folder, file)) throw KernelspecKept({ folder, why: "it holds a kernel that is not nbserve's" });
  try {
    rmSync(folder, { recursive: true });
  } catch (error) {
    throw KernelspecKept({ folder, why: `it cannot be removed: ${textOf(error)}` }, error);
  }
  return folder;
}

/** @throws NBS_KERNEL_INSTALL if nobody can tell, because the file is cut off, for example */
function isOurs(folder: string, file: string): boolean {
  let spec: { readonly language?: unknown; readonly argv?: unknown } | null;
  try {
    spec = JSON.parse(readFileSync(file, 'utf8')) as typeof spec;
  } catch (error) {
    const why = `its kernel.json cannot be read: ${textOf(error)}; if it is nbserve's, install it again, or remove the folder`;
    throw KernelspecKept({ folder, why }, error);
  }
  const argv = spec?.argv;
  const isNamed = Array.isArray(argv) && argv.some((part) => /nbserve|kernel[/\\]main\.js$/.test(String(part)));
  return spec?.language === 'typescript' && isNamed;
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
