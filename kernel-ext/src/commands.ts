/** Entry `nbserve-kernel/commands`: what the command line `nbserve` finds here. */
import type { Command } from 'nbserve/cli';
import {
  buildCommand,
  executeCommand,
  installCommand,
  labCommand,
  lessonsCommand,
  testCommand,
  uninstallCommand,
} from './commands/index.js';

export const commands: readonly Command[] = [
  buildCommand,
  executeCommand,
  testCommand,
  lessonsCommand,
  installCommand,
  uninstallCommand,
  labCommand,
];
