import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { compileFunction, constants } from 'node:vm';
import { BLOBS, HEADER, type Header, HOOKS } from './hooks.js';
import { importBundle } from './module.js';
import { urlOfOwnModule } from './own-modules.js';
import { importWith, requireWith } from './require.js';
import { registerCompiled } from './stack.js';
import type { BodyWatch, CodeRef, FolderRequire, LoadCodeOptions, SourceRef } from './types.js';
import { ValueDecoder } from './value-decode.js';
import type { ValueGraph } from './value-format.js';

/** A shipped class or function. */
export type Shipped = (new (...args: never[]) => object) | ((...args: never[]) => unknown);
type ReadBlob = (hash: string) => Uint8Array;

/**
 * Loads shipped code and returns the class or function. A large array is not copied if it fills the whole buffer that `readBlob` returns.
 * @throws what the code's own static initialisers throw; NBS_PACKAGE_NOT_FOUND; NBS_NO_SUCH_EXPORT
 */
export async function loadCode(ref: CodeRef, readBlob: ReadBlob, options: LoadCodeOptions = {}): Promise<Shipped> {
  if (ref.kind === 'builtin' && ref.module !== undefined)
    return ((await import(urlOfOwnModule(ref.module))) as Readonly<Record<string, unknown>>)[ref.hash] as Shipped;
  if (ref.kind === 'builtin') return (await options.findBuiltin?.(ref.hash)) as Shipped;
  return ref.kind === 'source' ? loadSource(ref, readBlob, options) : ((await importBundle(ref, readBlob, options)) as Shipped);
}

async function loadSource(
  ref: SourceRef,
  readBlob: ReadBlob,
  { packages: own, body = UNWATCHED }: LoadCodeOptions,
): Promise<Shipped> {
  const code = Buffer.from(readBlob(ref.hash)).toString('utf8');
  const header = JSON.parse(code.slice(HEADER.length, code.indexOf('\n'))) as Header;
  // The path is in the notebook's folder, so that import() resolves from there. No such file exists.
  const filename = join(ref.folder, `.nbserve-${ref.hash.slice(0, 16)}.cjs`);
  registerCompiled(filename, () => code, header.renamed);

  const packages = apart(requireWith(ref.folder, own), body);
  const files = loadFiles(ref, readBlob, packages);
  const preloaded = new Map<string, unknown>();
  const fileNow = (id: string): unknown => (preloaded.has(id) ? preloaded.get(id) : files[id]?.now?.());
  const requirer = Object.assign((id: string) => (Object.hasOwn(files, id) ? fileNow(id) : packages(id)), packages);
  const importPackage = importWith(ref.folder, own);
  const importer = (id: string): Promise<unknown> =>
    Object.hasOwn(files, id) ? (files[id] as ShippedFile).later() : importPackage(id);
  for (const id of header.preload) preloaded.set(id, await importer(id));

  let decoder: ValueDecoder | undefined;
  let sources: Readonly<Record<string, () => unknown>> = {};
  const values = (): ValueDecoder => {
    decoder ??= new ValueDecoder(
      JSON.parse(Buffer.from(readBlob(hashOf(ref, BLOBS.graph))).toString('utf8')) as ValueGraph,
      (n) => readBlob(hashOf(ref, BLOBS.buffer(n))),
      sources,
    );
    return decoder;
  };

  const module: { exports: Record<string, unknown> } = { exports: {} };
  const scope: Record<string, unknown> = {
    exports: module.exports,
    module,
    require: requirer,
    __filename: filename,
    __dirname: ref.folder,
    [HOOKS.value]: (n: number) => values().root(n),
    [HOOKS.sources]: (all: typeof sources) => {
      sources = all;
    },
    [HOOKS.preload]: (id: string) => preloaded.get(id),
    [HOOKS.global]: (all: Record<string, unknown>, name: string) => all[name] ?? all,
    [HOOKS.import]: importer,
    [HOOKS.meta]: metaOf(ref.folder, packages),
  };
  body.begin();
  try {
    runScript(code, filename, scope);
  } finally {
    body.end();
  }
  decoder?.settle();
  return module.exports[ref.exportName] as Shipped;
}

const UNWATCHED: BodyWatch = { begin() {}, end() {}, without: (run) => run() };

/** Packages begin work of their own, which is not the body's. */
const apart = (packages: FolderRequire, body: BodyWatch): FolderRequire =>
  Object.assign((id: string): unknown => body.without(() => packages(id)), packages);

function hashOf(ref: SourceRef, name: string): string {
  const found = ref.values.find((value) => value.name === name);
  if (!found) throw new Error(`the blob ${name} of ${ref.exportName} wasn't sent along`);
  return found.hash;
}

function runScript(code: string, filename: string, scope: Readonly<Record<string, unknown>>): void {
  const run = compileFunction(code, Object.keys(scope), {
    filename,
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER as never,
  }) as (...args: unknown[]) => void;
  run.apply(scope.exports, Object.values(scope));
}

/** `import.meta` of cells, as in the notebook. */
function metaOf(folder: string, packages: FolderRequire): Readonly<Record<string, unknown>> {
  const filename = join(folder, 'notebook.ts');
  const { href: url } = pathToFileURL(filename);
  const resolve = (id: string): string => {
    if (isBuiltin(id)) return id.startsWith('node:') ? id : `node:${id}`;
    return /^(\.{0,2}\/|[a-z][a-z+.-]+:)/i.test(id) ? new URL(id, url).href : pathToFileURL(packages.resolve(id)).href;
  };
  return { url, dirname: folder, filename, resolve, main: true };
}

/** A file of the user's that a cell imported. */
interface ShippedFile {
  /** Absent if one of the files awaits at its top level. */
  now?(): unknown;
  later(): Promise<unknown>;
}

function loadFiles(ref: SourceRef, readBlob: ReadBlob, require: FolderRequire): Readonly<Record<string, ShippedFile>> {
  if (!ref.values.some((value) => value.name === BLOBS.files)) return {};
  const hash = hashOf(ref, BLOBS.files);
  const code = Buffer.from(readBlob(hash)).toString('utf8');
  const filename = join(ref.folder, `.nbserve-${hash.slice(0, 16)}.files.cjs`);
  registerCompiled(filename, () => code);
  const module: { exports: { files?: Readonly<Record<string, ShippedFile>> } } = { exports: {} };
  const { exports } = module;
  const place = { __filename: filename, __dirname: ref.folder };
  runScript(code, filename, { exports, module, require, ...place, [HOOKS.exports]: exports });
  return module.exports.files ?? {};
}
