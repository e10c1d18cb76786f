import { existsSync } from 'node:fs';
import { dirname, extname, join, resolve } from 'node:path';
import { inspect } from 'node:util';
import { CODE_ENDINGS, isNbserveError } from '../core/index.js';
import {
  compileModule,
  importModule,
  installStackMapping,
  isApplication,
  noteModule,
  type prepareDeclared,
} from '../host/index.js';
import { ArgsWithoutBuilder, BuilderFailed, NoModuleFile, NotBuilt, NothingToRun } from './errors.js';
import { noteFilesRead } from './files-read.js';

const SUFFIXES = [...CODE_ENDINGS, '/index.ts', '/index.tsx', '/index.js'];

type Exports = Readonly<Record<string, unknown>>;
type LoadedApplication = Parameters<typeof prepareDeclared>[0];

/** An application, and the files that it was compiled from. */
export interface LoadedModule {
  readonly application: LoadedApplication;
  /** The target with the path of the file that was found. */
  readonly target: string;
  readonly files: readonly string[];
}

/**
 * Imports a module and takes the application that it exports. Its files are compiled, so what has changed since the last call counts.
 * @param target `<file>:<export>`. The file may be written as Ray Serve's `import_path` names modules: `models.chat:app` is `models/chat.ts`
 * @param args for an export that is a function: its argument
 * @throws NBS_NO_MODULE_FILE, NBS_MODULE_FAILED, NBS_NOTHING_TO_RUN, NBS_BUILDER_FAILED, NBS_NOT_BUILT, NBS_ARGS_WITHOUT_BUILDER, what the module throws
 */
export async function loadApplication(target: string, args?: unknown): Promise<LoadedModule> {
  const colon = target.lastIndexOf(':');
  const path = target.slice(0, colon);
  let files: readonly string[] = [resolve(path)];
  try {
    const file = moduleFile(path);
    // So that an error at the module's top level names the user's file and line.
    installStackMapping();
    const compiled = await compileModule(file);
    files = compiled.files;
    noteModule(compiled);
    const exports = namedExports(await importModule(compiled));
    const name = target.slice(colon + 1);
    return { target: `${file}:${name}`, files, application: await applicationIn(exports, { file, name }, args) };
  } catch (error) {
    const named = isNbserveError(error) ? (error as { readonly files?: readonly string[] }).files : undefined;
    throw noteFilesRead(error, named ?? files);
  }
}

interface Named {
  readonly file: string;
  readonly name: string;
}

async function applicationIn(exports: Exports, named: Named, args: unknown): Promise<LoadedApplication> {
  const { file, name } = named;
  const found = exports[name];
  if (isApplication(found)) {
    if (args !== undefined) throw ArgsWithoutBuilder({ file, name });
    return found;
  }
  if (typeof found === 'function') return builtBy(found as Builder, args, named);
  const valid = Object.keys(exports).filter((key) => isApplication(exports[key]) || typeof exports[key] === 'function');
  throw NothingToRun({ file, name, valid: valid.join(', ') || 'no bound deployment (export const app = Chat.bind(…))' });
}

type Builder = (args: unknown) => unknown;

async function builtBy(builder: Builder, args: unknown, named: Named): Promise<LoadedApplication> {
  let built: unknown;
  try {
    built = await builder(args ?? {});
  } catch (error) {
    throw BuilderFailed({ ...named, reason: error instanceof Error ? error.message : String(error) }, error);
  }
  if (isApplication(built)) return built;
  throw NotBuilt({ ...named, value: inspect(built, { depth: 0, breakLength: Number.POSITIVE_INFINITY }).slice(0, 100) });
}

/** @throws NBS_NO_MODULE_FILE */
function moduleFile(path: string): string {
  if (existsSync(path) && extname(path) !== '') return path;
  const dotted = join(dirname(path), path.slice(dirname(path).length + 1).replaceAll('.', '/'));
  const tried = [path, ...new Set([path, dotted].flatMap((base) => SUFFIXES.map((suffix) => `${base}${suffix}`)))];
  const found = tried.slice(1).find((file) => existsSync(file));
  if (found !== undefined) return found;
  throw NoModuleFile({
    file: path,
    tried: CODE_ENDINGS.some((ending) => path.endsWith(ending)) ? path : tried.slice(1).join(', '),
  });
}

/** The exports by name. A CommonJS file is bundled as a default export that contains them. */
function namedExports(exports: Exports): Exports {
  const { default: whole } = exports;
  const isCommonJs = Object.keys(exports).length === 1 && typeof whole === 'object' && whole !== null && !isApplication(whole);
  return isCommonJs ? (whole as Exports) : exports;
}
