import { hasCode } from '../core/index.js';
import type { Command } from './command.js';
import { KernelMissing } from './errors.js';

const MISSING = /^Cannot find (?:package|module) '(?:nbserve-kernel|[^']*nbserve-kernel[\\/]dist[\\/]commands\.js)'/;

/** Whether an import has failed because the package is not there, and not because one that it needs is not there. */
export const isKernelMissing = (error: unknown): boolean =>
  error instanceof Error && (error as { code?: string }).code === 'ERR_MODULE_NOT_FOUND' && MISSING.test(error.message);

/** A command of the package `nbserve-kernel`. It depends on this package, so its commands are imported when one is called. @throws NBS_KERNEL_MISSING */
export async function kernelCommand(name: string): Promise<Command> {
  const specifier = 'nbserve-kernel/commands';
  let commands: readonly Command[];
  try {
    ({ commands } = (await import(specifier)) as { commands: readonly Command[] });
  } catch (error) {
    if (!isKernelMissing(error)) throw error;
    throw KernelMissing({ command: name }, error);
  }
  return commands.find((command) => command.name === name) as Command;
}

/** What the list of commands says about a command that could not be imported. */
export function whyNot(error: unknown): string {
  if (hasCode(error, KernelMissing)) return 'needs nbserve-kernel';
  const [line = ''] = (error instanceof Error ? error.message : String(error)).split('\n', 1);
  return `does not work: ${line}`;
}
