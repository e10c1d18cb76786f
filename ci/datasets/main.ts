// `npm run assets -- build`: does the same as `nbserve assets`, and can also make the committed files again.
import { runAssets } from '../../lib/dist/cli/assets-command.js';
import { buildMnistCnn } from './mnist-cnn.js';

process.exitCode = await runAssets(
  process.argv.slice(2),
  {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    isTerminal: process.stdout.isTTY === true,
  },
  process.cwd(),
  { 'mnist-cnn': buildMnistCnn },
);
