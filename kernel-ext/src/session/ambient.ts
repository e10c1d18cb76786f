import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const own = createRequire(import.meta.url);

/** Types of the packages that come with the kernel: specifier → declaration files. */
export function sharedPaths(): Record<string, string[]> {
  const file = own.resolve('nbserve/package.json');
  const { exports } = JSON.parse(readFileSync(file, 'utf8')) as { exports: Record<string, { types?: string } | string> };
  const paths: Record<string, string[]> = {};
  for (const [key, entry] of Object.entries(exports)) {
    if (typeof entry === 'string' || entry.types === undefined) continue;
    paths[key === '.' ? 'nbserve' : `nbserve/${key.slice(2)}`] = [join(dirname(file), entry.types)];
  }
  return paths;
}

/** What every cell sees, as one declarations file. It is parsed once for the session. */
export function ambientDeclarations(): string {
  const display = fileURLToPath(new URL('../display/display.js', import.meta.url));
  const comms = fileURLToPath(new URL('../display/comms.js', import.meta.url));
  const magics = fileURLToPath(new URL('../magics/registry.js', import.meta.url));
  const captured = fileURLToPath(new URL('./captured-output.js', import.meta.url));
  return `${TYPES}
/** Deployments, applications and the cluster that runs them. */
declare const serve: typeof import('nbserve').serve;
/** Models in ONNX Runtime. */
declare const onnx: typeof import('nbserve/onnx');
/** Shows a value below the cell. */
declare const display: typeof import(${JSON.stringify(display)}).display;
/** Comms of Jupyter: connections to code in front ends. */
declare const comms: typeof import(${JSON.stringify(comms)}).comms;
/** Magics of your own. */
declare const magics: typeof import(${JSON.stringify(magics)}).magics;
declare function __nbs_captured(): import(${JSON.stringify(captured)}).CapturedOutput;
/** The result that was shown last, and the ones before it. */
declare const _: any, __: any, ___: any;
/** The results of cells, by the cells' numbers: the last 1,000. */
declare const Out: { readonly [cell: number]: any };
`;
}

const TYPES = `
/** Asks the person at the notebook. With \`password\`, the answer is not shown while it is typed. */
declare function prompt(message?: string, options?: { readonly password?: boolean }): Promise<string>;
/** Asks the person at the notebook. With \`password\`, the answer is not shown while it is typed. */
declare function input(message?: string, options?: { readonly password?: boolean }): Promise<string>;
interface Request { json(): Promise<any>; }
interface Response { json(): Promise<any>; }
interface ImportMeta { readonly url: string; readonly dirname: string; readonly filename: string; readonly main: boolean; }
interface ImportCallOptions { with?: { type: string } }
interface __NbsScope { use<T>(value: T): T; useAsync<T>(value: T): T; failed(error: unknown): unknown; end(): void; endAsync(): Promise<void>; }
declare function __nbs_scope(): __NbsScope;
declare const __nbs_cell_scope: __NbsScope;
declare const __nbs_meta: ImportMeta;
declare function __nbs_source<T>(id: string, value: T): T;
declare function __nbs_magic(index: number, values?: readonly unknown[]): Promise<void>;
declare function __nbs_lines(index: number, values?: readonly unknown[]): Promise<string[]>;
declare function __nbs_timeit(work: () => unknown, options: string): Promise<void>;
declare function __nbs_watch(begins: boolean): void;
declare function __nbs_time<T>(work: () => T): Promise<Awaited<T>>;
`;
