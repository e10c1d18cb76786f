import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { TranslatorFailed } from './errors.js';

const MODULE = 'nbserve_papermill';
const SOURCE = fileURLToPath(new URL(`../../python/${MODULE}.py`, import.meta.url));

/** The folder with what pip knows of a version of the package. */
const INFO = new RegExp(`^${MODULE}-.+\\.dist-info$`);

/** papermill loads the entry points for engines when it is imported, and has none for translators. */
const ENTRY_POINTS = `[papermill.engine]\nnbserve = ${MODULE}:engine\n`;

const ownVersion = (): string =>
  (JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }).version;

/** The line of a file in `RECORD`, by which pip checks and removes it. */
const recorded = (name: string, content: string): string =>
  `${name},sha256=${createHash('sha256').update(content).digest('base64url')},${Buffer.byteLength(content)}`;

/**
 * Writes a Python package that gives papermill its parameters in TypeScript (`papermill -p`). `pip uninstall nbserve-papermill` removes it.
 * @param python a command or path, whose environment has papermill, or gets it later
 * @returns the folder of the packages
 * @throws NBS_PAPERMILL_INSTALL
 */
export function installTranslator(python: string): string {
  const script = 'import sysconfig; print(sysconfig.get_path("purelib"))';
  const asked = spawnSync(python, ['-c', script], { encoding: 'utf8' });
  if (asked.status !== 0) {
    throw TranslatorFailed({
      python,
      why:
        String(asked.error?.message ?? asked.stderr)
          .trim()
          .split('\n')
          .at(-1) ?? '',
    });
  }
  const folder = asked.stdout.trim();
  const version = ownVersion();
  const info = `${MODULE}-${version}.dist-info`;
  const files: Record<string, string> = {
    [`${MODULE}.py`]: readFileSync(SOURCE, 'utf8'),
    [`${info}/METADATA`]: `Metadata-Version: 2.1\nName: nbserve-papermill\nVersion: ${version}\nSummary: Parameters of papermill for notebooks in TypeScript\n`,
    [`${info}/INSTALLER`]: 'nbserve\n',
    [`${info}/entry_points.txt`]: ENTRY_POINTS,
  };
  const record = Object.entries(files).map(([name, content]) => recorded(name, content));
  files[`${info}/RECORD`] = `${[...record, `${info}/RECORD,,`].join('\n')}\n`;
  try {
    mkdirSync(folder, { recursive: true });
    // Those of other versions too: pip would remove only one, and papermill could not load the entry points of the others, whose module is gone.
    for (const name of readdirSync(folder))
      if (INFO.test(name)) rmSync(path.join(folder, name), { recursive: true, force: true });
    mkdirSync(path.join(folder, info));
    for (const [name, content] of Object.entries(files)) writeFileSync(path.join(folder, name), content);
  } catch (error) {
    throw TranslatorFailed({ python, why: error instanceof Error ? error.message : String(error) }, error);
  }
  return folder;
}
