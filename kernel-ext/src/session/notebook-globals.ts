import { createRequire } from 'node:module';
import { comms, display } from '../display/index.js';
import { magics } from '../magics/index.js';
import { installDisposalGlobals } from './disposal-globals.js';
import { installNotebookInput } from './notebook-input.js';
import { forgetLastStat } from './path-lookup.js';
import { askPerson } from './questions.js';
import { installReadlineQuestions } from './readline-questions.js';

const own = createRequire(import.meta.url);

/**
 * Puts `serve`, `onnx`, `display`, `prompt` and `input` where every cell sees them. nbserve is loaded when the first of them is used.
 * @param strays as {@link installNotebookInput} has it
 */
export function installNotebookGlobals(strays: boolean): void {
  installDisposalGlobals();
  lazy('serve', () => (own('nbserve') as typeof import('nbserve')).serve);
  lazy('onnx', () => own('nbserve/onnx') as object);
  lazy('display', () => display);
  lazy('comms', () => comms);
  lazy('magics', () => magics);
  lazy('prompt', () => prompt);
  lazy('input', () => prompt);
  installNotebookInput(strays);
  installReadlineQuestions();
}

function lazy(name: string, load: () => unknown): void {
  const settled = (value: unknown): void =>
    void Object.defineProperty(globalThis, name, { value, configurable: true, writable: true, enumerable: false });
  Object.defineProperty(globalThis, name, {
    configurable: true,
    enumerable: false,
    get: () => {
      forgetLastStat();
      const value = load();
      settled(value);
      return value;
    },
    set: settled,
  });
}

const prompt = (message?: string, { password = false }: { readonly password?: boolean } = {}): Promise<string> =>
  askPerson(message, { password: password === true });
