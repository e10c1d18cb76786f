import { OtherLanguage } from './errors.js';
import type { Notebook } from './notebook-file.js';

const OURS: readonly string[] = ['typescript', 'javascript', 'ts', 'js', 'tsx', 'jsx', 'node', 'nodejs', 'deno'];

/** Names of kernels that tell their language, for notebooks that do not. */
const KERNELS: readonly (readonly [RegExp, string])[] = [
  [/^(python|pypy|xpython|conda|venv)/, 'Python'],
  [/^(ir|r|xr)$/, 'R'],
  [/^julia/, 'Julia'],
  [/^(ruby|iruby)/, 'Ruby'],
  [/^(bash|sh|zsh)$/, 'shell'],
  [/^(\.net|csharp|fsharp)/, '.NET'],
  [
    /^(java|ijava|kotlin|scala|almond|rust|evcxr|gophernotes|go|xcpp|sos|octave|matlab|sas|stata|haskell|perl|php|lua)/,
    'another language',
  ],
];

/** @throws NBS_OTHER_LANGUAGE if the notebook says that its cells are in another language than this runner's */
export function checkLanguage(file: string, notebook: Notebook): void {
  const kernel = fieldsOf(notebook.metadata.kernelspec);
  // The kernel is what the notebook is to run in; the other is what it ran in last.
  const said = textIn(kernel.language) ?? textIn(fieldsOf(notebook.metadata.language_info).name);
  const guessed = KERNELS.find(([name]) => name.test(textIn(kernel.name)?.toLowerCase() ?? ''))?.[1];
  const language = said ?? guessed;
  if (language !== undefined && !OURS.includes(language.toLowerCase())) throw OtherLanguage({ file, language });
}

const fieldsOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
const textIn = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);
