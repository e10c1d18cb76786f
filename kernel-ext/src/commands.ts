/** Entry `nbserve-kernel/commands`: what the command line `nbserve` finds here. */
import { type Command, executeCommand, installCommand, labCommand, lessonsCommand, uninstallCommand } from './commands/index.js';

export const commands: readonly Command[] = [executeCommand, lessonsCommand, installCommand, uninstallCommand, labCommand];
