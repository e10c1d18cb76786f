/** Codes for a module, or its types, that the checker cannot find. */
export const CANNOT_FIND_MODULE: ReadonlySet<number> = new Set([2307, 2792, 2875, 7016]);

/**
 * True for a package that `import(…)` does not find. When that code runs, it may be in a replica, which has packages of its own (`runtimeEnv`); if it runs
 * here, the error then says what to install.
 */
export function isLateImport(code: number, text: string, start: number, end: number): boolean {
  if (!CANNOT_FIND_MODULE.has(code) || !/\bimport\s*\(\s*$/.test(text.slice(0, start))) return false;
  const specifier = text.slice(start + 1, end - 1);
  return !/^(\.|\/|node:|file:)/.test(specifier);
}
