import { OtherLanguage } from './errors.js';
import type { Notebook } from './notebook-file.js';

const OURS: readonly string[] = ['typescript', 'javascript', 'ts', 'js', 'tsx', 'jsx', 'node', 'nodejs', 'deno'];

/** Kernels of these languages, by name. The cells are run by nbserve, whichever of these kernels the notebook names. */
const OUR_KERNELS = /^(nbserve|tslab|jslab|deno|ijavascript|typescript|javascript|itypescript|jp-|node)/;

/** The languages of other kernels by name, for notebooks that do not name their language. */
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

/**
 * @throws NBS_OTHER_LANGUAGE if the notebook says that its cells are in a language other than TypeScript or JavaScript, or if it names a kernel of which
 * nothing says the language
 */
export function checkLanguage(file: string, notebook: Notebook): void {
  const kernel = fieldsOf(notebook.metadata.kernelspec);
  // `kernelspec` is the kernel for the next run; `language_info` is from the last one, perhaps by another kernel.
  const name = textIn(kernel.name)?.toLowerCase();
  const language =
    textIn(kernel.language) ??
    (name === undefined ? undefined : languageOf(name)) ??
    textIn(fieldsOf(notebook.metadata.language_info).name) ??
    (name === undefined ? OURS[0] : `an unknown language (its kernel is ${JSON.stringify(kernel.name)})`);
  if (language !== undefined && !OURS.includes(language.toLowerCase())) throw OtherLanguage({ file, language });
}

function languageOf(kernel: string): string | undefined {
  return OUR_KERNELS.test(kernel) ? OURS[0] : KERNELS.find(([name]) => name.test(kernel))?.[1];
}

const fieldsOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
const textIn = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);
