import { OtherLanguage } from './errors.js';
import type { Notebook } from './notebook-file.js';

const OURS: readonly string[] = ['typescript', 'javascript', 'ts', 'js', 'tsx', 'jsx', 'node', 'nodejs', 'deno'];

/** The languages of kernels by name, for notebooks that do not name their language. */
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

/** @throws NBS_OTHER_LANGUAGE if the notebook says that its cells are in a language other than TypeScript or JavaScript */
export function checkLanguage(file: string, notebook: Notebook): void {
  const kernel = fieldsOf(notebook.metadata.kernelspec);
  // `kernelspec` is the kernel for the next run; `language_info` is from the last one.
  const said = textIn(kernel.language) ?? textIn(fieldsOf(notebook.metadata.language_info).name);
  const guessed = KERNELS.find(([name]) => name.test(textIn(kernel.name)?.toLowerCase() ?? ''))?.[1];
  const language = said ?? guessed;
  if (language !== undefined && !OURS.includes(language.toLowerCase())) throw OtherLanguage({ file, language });
}

const fieldsOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
const textIn = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);
