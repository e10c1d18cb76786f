// This is the second step of `npm run build`. In the first, tsc has checked the types and written the declarations.
// Each source becomes a JavaScript file in `build`, where the unit tests find it; then each room becomes one file in `dist`.
// Node reads few files faster than many: `import 'nbserve'` takes less than half of the time.
// `--unbundled` copies `build` to `dist` without change, for work with a debugger.
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { build } from 'esbuild';
import { findFiles } from './find-files.mjs';
import { KERNEL_ROOMS, ROOMS } from './rooms.cjs';

const PACKAGES = { lib: ROOMS, 'kernel-ext': KERNEL_ROOMS };
const COMMON = /** @type {const} */ ({ format: 'esm', platform: 'node', target: 'node20', sourcemap: true, logLevel: 'warning' });
const IMPORT = /(?:\bfrom\s*|\bimport\s*\(?\s*|new URL\(\s*)['"](\.{1,2}\/[^'"]+\.js)['"]/g;
/** A prefix for the path of a file in another room, as long as the folder of the importing file is not known. */
const OTHER_ROOM = 'room:';
/**
 * Modules that become a part of the file that imports them, because Node loads one file faster than their many. `nbserve` depends on the package too, for its
 * program, so the package's licence is installed with it.
 */
const INLINED = /^typescript7\/unstable\//;
/**
 * The processes in which no code of users runs. Each of them starts from one file, which holds what it needs of all rooms: of the time that a Node process
 * takes to load thirty files, half is for finding and opening them.
 */
const WHOLE = { lib: ['engine/agent/main.js', 'serve/controller/main.js', 'serve/proxy/main.js'], 'kernel-ext': [] };
const SOURCE_MAP = /\n\/\/# sourceMappingURL=.*\n?$/;
const NAMED_IN_DIST = /\bdist\/([\w./-]+\.js)\b/g;

for (const [root, rooms] of Object.entries(PACKAGES)) {
  await transpile(root);
  const files = sourcesOf(root);
  const made = process.argv.includes('--unbundled')
    ? filesOfBuild(root, files)
    : await bundle(root, files, roomFinder(Object.keys(rooms)));
  replace(root, made);
}

async function transpile(root) {
  rmSync(join(root, 'build'), { recursive: true, force: true });
  const entryPoints = findFiles(join(root, 'src'), '.ts');
  await build({ ...COMMON, entryPoints, outbase: join(root, 'src'), outdir: join(root, 'build') });
}

/** The JavaScript files of a package, as paths below `build`. The support files of tests are bundled too, because tests of whole clusters import them. */
function sourcesOf(root) {
  return findFiles(join(root, 'build'), '.js')
    .filter((file) => !file.endsWith('.test.js'))
    .map((file) => relative(join(root, 'build'), file));
}

/** @returns {Map<string, string>} path in `dist` → text */
function filesOfBuild(root, files) {
  const names = files.flatMap((name) => [name, `${name}.map`]);
  return new Map(names.map((name) => [resolve(root, 'dist', name), readFileSync(join(root, 'build', name), 'utf8')]));
}

/**
 * Puts new files into `dist`. Notebooks may use it meanwhile, so no file is ever absent or half written, and old ones are removed last.
 * Files that others import come before those that import them: first the shared parts, whose names contain a hash.
 * @param {Map<string, string>} made path → text
 */
function replace(root, made) {
  const isShared = (path) => /\/(?:shared|main)-\w+\.js/.test(path);
  const paths = [...made.keys()].sort((a, b) => Number(isShared(b)) - Number(isShared(a)));
  for (const path of paths) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(`${path}.new`, made.get(path) ?? '');
  }
  for (const path of paths) renameSync(`${path}.new`, path);
  for (const suffix of ['.js', '.js.map']) {
    for (const old of findFiles(join(root, 'dist'), suffix)) if (!made.has(resolve(old))) rmSync(old);
  }
}

/** Returns the function that gives the innermost room of a file; '' if the file is in no room. */
function roomFinder(rooms) {
  const innermostFirst = rooms.toSorted((a, b) => b.length - a.length);
  return (file) => innermostFirst.find((room) => file.startsWith(`${room}/`)) ?? '';
}

async function bundle(root, files, roomOf) {
  const entries = findEntries(root, files, roomOf);
  const rooms = new Map();
  for (const entry of entries) rooms.set(roomOf(entry), [...(rooms.get(roomOf(entry)) ?? []), entry]);
  const made = new Map((await Promise.all([...rooms].map(([room, own]) => bundleRoom(root, room, own, roomOf)))).flat());
  const whole = await Promise.all(WHOLE[root].map((main) => joinRooms(resolve(root, 'dist', main), made)));
  return new Map([...made, ...whole.flat()]);
}

/** Files that must exist in `dist` under their own name: other rooms import them, a process or thread starts with them, or package.json, a test or a script names them. */
function findEntries(root, files, roomOf) {
  const known = new Set(files);
  const entries = new Set();
  for (const file of files) {
    const text = readFileSync(join(root, 'build', file), 'utf8');
    for (const [whole, path = ''] of text.matchAll(IMPORT)) {
      const target = join(dirname(file), path);
      if (known.has(target) && (whole.startsWith('new URL') || roomOf(target) !== roomOf(file))) entries.add(target);
    }
  }
  for (const reader of readersOf(root)) {
    for (const [, path = ''] of readFileSync(reader, 'utf8').matchAll(NAMED_IN_DIST)) if (known.has(path)) entries.add(path);
  }
  return entries;
}

function readersOf(root) {
  const folders = ['lib/test', 'kernel-ext/test', 'ci', `${root}/bin`];
  const found = folders.flatMap((folder) => ['.ts', '.mjs', '.js'].flatMap((suffix) => findFiles(folder, suffix)));
  return [`${root}/package.json`, ...found.filter((file) => !file.startsWith('ci/dist/'))];
}

/** Bundles a room. It imports the files of other rooms, and code that several entries of the room share is put into a file beside its door. */
async function bundleRoom(root, room, entries, roomOf) {
  const from = resolve(root, 'build');
  const result = await build({
    ...COMMON,
    entryPoints: entries.map((entry) => ({ in: join(from, entry), out: relative(room, entry).replace(/\.js$/, '') })),
    outdir: join(root, 'dist', room),
    chunkNames: 'shared-[hash]',
    bundle: true,
    splitting: true,
    metafile: true,
    write: false,
    plugins: [
      {
        name: 'rooms',
        setup({ onResolve }) {
          onResolve({ filter: /^[^.]/ }, ({ path, kind, importer }) => {
            if (kind === 'entry-point') return undefined;
            const isInlined = root === 'kernel-ext' && (INLINED.test(path) || (path.startsWith('#') && isForeign(importer)));
            return isInlined ? undefined : { path, external: true };
          });
          onResolve({ filter: /^\./ }, ({ path, resolveDir, importer }) => {
            if (isForeign(importer)) return undefined;
            const target = relative(from, join(resolveDir, path));
            return roomOf(target) === room ? undefined : { path: `${OTHER_ROOM}${target}`, external: true };
          });
        },
      },
    ],
  });
  for (const [output, { inputs }] of Object.entries(result.metafile.outputs)) {
    for (const input of Object.keys(inputs).filter((one) => !isForeign(one))) checkOwnUrl(root, output, input);
  }
  // The folder of the importing file is known only now.
  return result.outputFiles.map(({ path, text }) => {
    const up = relative(dirname(path), resolve(root, 'dist')) || '.';
    return /** @type {const} */ ([path, path.endsWith('.map') ? text : text.replaceAll(`"${OTHER_ROOM}`, `"${up}/`)]);
  });
}

/**
 * Joins the file that starts a process with all that it imports from this package. What it loads later stays in files of their own, beside it.
 * @param {string} main its path in `dist`
 * @param {Map<string, string>} made path → text
 * @returns {Promise<[string, string][]>} the files that take its place
 */
async function joinRooms(main, made) {
  const folder = dirname(main);
  const result = await build({
    ...COMMON,
    entryPoints: [main],
    outdir: folder,
    chunkNames: `${basename(main, '.js')}-[hash]`,
    bundle: true,
    splitting: true,
    write: false,
    banner: { js: 'const nbsHere = import.meta.url;' },
    define: { 'import.meta.url': 'nbsUrl' },
    plugins: [
      {
        name: 'whole',
        setup({ onResolve, onLoad }) {
          // None of the files needs to be on the disk yet.
          onResolve({ filter: /.*/ }, ({ path, kind, resolveDir }) => {
            if (kind === 'entry-point') return { path };
            return path.startsWith('.') ? { path: join(resolveDir, path) } : { path, external: true };
          });
          onLoad({ filter: /\.js$/ }, ({ path }) => ({ contents: withUrl(path), resolveDir: dirname(path) }));
        },
      },
    ],
  });
  return result.outputFiles.map(({ path, text }) => /** @type {const} */ ([path, text]));

  /** The text of a file, which still knows the URL that it had alone. */
  function withUrl(path) {
    const text = made.get(path) ?? '';
    const map = Buffer.from(made.get(`${path}.map`) ?? '').toString('base64');
    const url = text.includes('import.meta.url') ? `const nbsUrl = new URL('${relative(folder, path)}', nbsHere).href;` : '';
    return `${url}${text.replace(SOURCE_MAP, '')}\n//# sourceMappingURL=data:application/json;base64,${map}\n`;
  }
}

/** Whether a file belongs to a package from elsewhere. */
function isForeign(file) {
  return file.includes('node_modules/');
}

/** A file that names another by its own URL must stay in its folder. */
function checkOwnUrl(root, output, input) {
  const moved = relative(join(root, 'build'), dirname(input)) !== relative(join(root, 'dist'), dirname(output));
  if (moved && /new URL\([^)]*import\.meta\.url|dirname\(fileURLToPath\(import\.meta\.url/.test(readFileSync(input, 'utf8')))
    throw new Error(
      `${input} finds a file by import.meta.url and cannot be moved to ${dirname(output)}: put it beside its room's door`,
    );
}
