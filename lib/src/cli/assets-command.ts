import { assetsCommand as runAssets } from '../data/index.js';
import type { Command } from './command.js';

export const assetsCommand: Command = {
  name: 'assets',
  summary: 'list, fetch, verify and build the models and data of the lessons',
  help: 'nbserve assets [list|fetch|verify|build] [name …]',
  run: (args) =>
    runAssets(args, {
      out: (text) => void process.stdout.write(text),
      err: (text) => void process.stderr.write(text),
      isTerminal: process.stdout.isTTY === true,
    }),
};
