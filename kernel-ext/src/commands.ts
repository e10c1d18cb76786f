/** Entry `nbserve-kernel/commands`: what the command line `nbserve` finds here. */
import type { Command } from 'nbserve/cli';
import { buildCommand, executeCommand, installCommand, labCommand, lessonsCommand, uninstallCommand } from './commands/index.js';

export const commands: readonly Command[] = [
  buildCommand,
  executeCommand,
  lessonsCommand,
  installCommand,
  uninstallCommand,
  labCommand,
];
