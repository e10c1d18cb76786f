/** Names that cells have without a declaration, and the modules that export them. */
export const NOTEBOOK_IMPORTS: Readonly<Record<string, string>> = { serve: 'nbserve', onnx: 'nbserve/onnx' };
/** Names that only a notebook has. */
export const NOTEBOOK_ONLY = new Set([
  'display',
  'prompt',
  'input',
  '__filename',
  '__dirname',
  'require',
  'module',
  'exports',
  'comms',
  'magics',
  '_',
  '__',
  '___',
]);

/** Whether a module does not have a name that no cell declares. */
export const isMissing = (name: string): boolean =>
  !Object.hasOwn(NOTEBOOK_IMPORTS, name) && (NOTEBOOK_ONLY.has(name) || !(name in globalThis));
