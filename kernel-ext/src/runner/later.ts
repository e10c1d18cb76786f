import { createRequire } from 'node:module';
import type { cellSyntax, compilerOptionsOf, magicGrammar } from '../session/index.js';

const own = createRequire(import.meta.url);

/** What only some commands need. It is loaded when it is asked for, because it takes longer to load than everything else that a command needs. */
export const later = {
  host: () => own('nbserve/host') as typeof import('nbserve/host'),
  session: () =>
    own('../session/index.js') as {
      cellSyntax: typeof cellSyntax;
      compilerOptionsOf: typeof compilerOptionsOf;
      magicGrammar: typeof magicGrammar;
    },
  yaml: () => own('yaml') as typeof import('yaml'),
};
