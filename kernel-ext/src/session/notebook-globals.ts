import { createRequire } from 'node:module';
import { display } from '../display/index.js';
import { installDisposalGlobals } from './disposal-globals.js';
import { NoInput } from './errors.js';
import { installReadlineQuestions } from './readline-questions.js';
import { currentCell, lastCell } from './running-cell.js';

const own = createRequire(import.meta.url);

/** Makes `serve`, `onnx`, `display`, `prompt` and `input` globals, so that every cell sees them. nbserve is loaded when the first of them is used. */
export function installNotebookGlobals(): void {
  installDisposalGlobals();
  lazy('serve', () => (own('nbserve') as typeof import('nbserve')).serve);
  lazy('onnx', () => own('nbserve/onnx') as object);
  lazy('display', () => display);
  lazy('prompt', () => ask);
  lazy('input', () => ask);
  installReadlineQuestions(() => (currentCell()?.output.input === undefined ? undefined : ask));
}

function lazy(name: string, load: () => unknown): void {
  const settled = (value: unknown): void =>
    void Object.defineProperty(globalThis, name, { value, configurable: true, writable: true, enumerable: false });
  Object.defineProperty(globalThis, name, {
    configurable: true,
    enumerable: false,
    get: () => {
      const value = load();
      settled(value);
      return value;
    },
    set: settled,
  });
}

async function ask(message = ''): Promise<string> {
  const input = (currentCell() ?? lastCell())?.output.input;
  if (input === undefined) throw NoInput();
  return input(message, false);
}
