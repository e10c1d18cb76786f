import { createRequire } from 'node:module';
import { typesChoice } from '../versions/index.js';
import { ambientDeclarations, sharedPaths } from './ambient.js';
import type { Converter } from './converter.js';

const own = createRequire(import.meta.url);

/** Loads the code of TypeScript 7's converter, if that is the one which will be made. */
export function loadConverter(): void {
  if (typesChoice() === 'ts7') ts7();
}

const ts7 = () => own('./ts7/ts7-converter.js') as typeof import('./ts7/ts7-converter.js');

/** Loads one of the two only. @param interruptPending see `SessionOptions` */
export function createConverter(folder: string, interruptPending: () => boolean): Converter {
  const options = { folder, ambient: ambientDeclarations(), paths: sharedPaths() };
  if (typesChoice() === 'ts7') {
    const { Ts7Converter } = ts7();
    return new Ts7Converter({ ...options, interruptPending });
  }
  const { TslabBasedConverter } = own('./tslab-converter.js') as typeof import('./tslab-converter.js');
  return new TslabBasedConverter(options);
}
