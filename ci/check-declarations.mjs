// Checks the declarations that a notebook cell can import with the oldest TypeScript that checks cells (tslab's fork of 5.0), without skipLibCheck.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const require = createRequire(`${ROOT}kernel-ext/package.json`);
const ts = createRequire(require.resolve('tslab/dist/converter.js'))('@tslab/typescript-for-tslab');

const folder = mkdtempSync(`${ROOT}kernel-ext/.check-`);
const entry = `${folder}/cell.ts`;
writeFileSync(
  entry,
  `import * as a from 'nbserve';\nimport * as b from 'nbserve/onnx';\nimport * as c from 'nbserve/data';\nvoid [a, b, c];\n`,
);
try {
  const program = ts.createProgram([entry], {
    strict: true,
    noEmit: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: 100, // Bundler
    lib: ['lib.es2022.d.ts', 'lib.esnext.disposable.d.ts'].filter((name) =>
      ts.sys.fileExists(`${ts.getDefaultLibFilePath({}).replace(/[^/]*$/, '')}${name}`),
    ),
    types: ['node'],
    skipLibCheck: false,
  });
  const ours = ts
    .getPreEmitDiagnostics(program)
    .filter(
      ({ file }) =>
        file === undefined ||
        (!file.fileName.includes('/node_modules/@types/') && !/node_modules\/(undici-types|@tslab)/.test(file.fileName)),
    );
  const foreign = program
    .getSourceFiles()
    .filter(
      ({ fileName }) =>
        fileName.includes('/node_modules/') && !/node_modules\/(@types\/node|undici-types|@tslab|nbserve)\//.test(fileName),
    );
  for (const { file, start, messageText, code } of ours) {
    const place = file === undefined ? '' : `${file.fileName}:${file.getLineAndCharacterOfPosition(start).line + 1} `;
    console.error(`${place}TS${code}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`);
  }
  for (const { fileName } of foreign) console.error(`third-party types reach a cell: ${fileName}`);
  console.log(`${program.getSourceFiles().length} files under TypeScript ${ts.version}`);
  process.exitCode = ours.length + foreign.length === 0 ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true });
}
