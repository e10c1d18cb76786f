import { dirname } from 'node:path';
import { nodeTypesFile } from '../../versions/index.js';

/** The text of the `tsconfig.json` that cells are checked with; `lib/docs/adr/0006-typescript-in-cells.md` says why. */
export function projectConfig(
  files: readonly string[],
  paths: Readonly<Record<string, readonly string[]>>,
  chosen: Readonly<Record<string, unknown>>,
): string {
  const major = Number.parseInt(process.versions.node, 10);
  return JSON.stringify({
    compilerOptions: {
      // Allows `import fs = require('fs')` beside imports.
      module: 'preserve',
      moduleResolution: 'bundler',
      moduleDetection: 'force',
      // The target decides which flags a regular expression may have: those that this Node supports. No code is emitted.
      target: major >= 24 ? 'es2025' : 'es2024',
      strict: true,
      strictPropertyInitialization: false,
      useUnknownInCatchVariables: false,
      experimentalDecorators: false,
      allowImportingTsExtensions: true,
      resolveJsonModule: true,
      jsx: 'react-jsx',
      noEmit: true,
      skipLibCheck: true,
      // The folder that holds the kernel's own `node` types, because a notebook's folder may have none.
      typeRoots: [dirname(dirname(nodeTypesFile()))],
      types: ['node'],
      ...chosen,
      lib: librariesOf(chosen),
      paths,
    },
    files,
  });
}

/** The names of the libraries in the project's `lib`. */
export function librariesOf(chosen: Readonly<Record<string, unknown>>): readonly string[] {
  const major = Number.parseInt(process.versions.node, 10);
  const own = Array.isArray(chosen.lib) ? chosen.lib.map(String) : libraries(major);
  return [...own, 'esnext.disposable', 'esnext.decorators'];
}

/** The JavaScript library that each major version of Node supports; https://node.green */
function libraries(nodeMajor: number): readonly string[] {
  if (nodeMajor >= 24) return ['es2025', 'esnext.array', 'esnext.error', 'esnext.sharedmemory'];
  if (nodeMajor >= 22) return ['es2024', 'es2025.collection', 'es2025.iterator', 'esnext.array'];
  return ['es2023', 'es2024.regexp', 'es2024.sharedmemory', 'es2024.string'];
}
