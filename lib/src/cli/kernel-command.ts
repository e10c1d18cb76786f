import type { Command } from './command.js';
import { KernelMissing } from './errors.js';

/** A command of the package `nbserve-kernel`. It depends on this package, so its commands are imported when one is called. @throws NBS_KERNEL_MISSING */
export async function kernelCommand(name: string): Promise<Command> {
  const specifier = 'nbserve-kernel/commands';
  let commands: readonly Command[];
  try {
    ({ commands } = (await import(specifier)) as { commands: readonly Command[] });
  } catch (error) {
    if ((error as { code?: string }).code !== 'ERR_MODULE_NOT_FOUND' || !String(error).includes('nbserve-kernel')) throw error;
    throw KernelMissing({ command: name }, error);
  }
  return commands.find((command) => command.name === name) as Command;
}
