/** Entry `nbserve-kernel/commands`: what the command line `nbserve` finds here. */
import type { Command } from 'nbserve/cli';
import { executeCommand, installCommand, labCommand, lessonsCommand, uninstallCommand } from './commands/index.js';

export const commands: readonly Command[] = [executeCommand, lessonsCommand, installCommand, uninstallCommand, labCommand];
