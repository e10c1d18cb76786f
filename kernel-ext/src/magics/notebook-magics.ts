import { appendFileSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { beginningOf } from 'nbserve/basics';
import type { MagicContext } from './context.js';
import { BadEnv, BadHistory, MagicFile, NoFileNamed, NoFrontEnd, ResetInCode, withoutStack } from './errors.js';

/** @throws NBS_NO_FILE_NAMED */
function namedFile(magic: string, folder: string, path: string): string {
  if (unquoted(path) === '') throw withoutStack(NoFileNamed({ magic }));
  return fileIn(folder, path);
}

const fileIn = (folder: string, path: string): string => resolve(folder, unquoted(path).replace(/^~(?=\/|$)/, homedir()));

/** A path may be in quotes. */
const unquoted = (text: string): string => /^(["'])(.*)\1$/.exec(text.trim())?.[2] ?? text.trim();

/** `%cd folder`. As in a shell, it is the home folder without a folder, and the one before with `-`. */
export function changeFolder(args: string, { folder, lastFolder, output, notebook }: MagicContext): void {
  const to = args.trim() === '' ? homedir() : args.trim() === '-' ? lastFolder : fileIn(folder, args);
  if (!existsSync(to) || !statSync(to).isDirectory())
    throw withoutStack(MagicFile({ magic: '%cd', file: to, what: 'is not a folder' }));
  notebook.changeFolder(to);
  output.stream('stdout', `${to}\n`);
}

/** `%env`, `%env NAME`, `%env NAME=value` */
export function environment(args: string, { output }: MagicContext): void {
  const print = (text: string): void => output.stream('stdout', `${text}\n`);
  if (args === '') {
    for (const name of Object.keys(process.env).sort()) print(`${name}=${process.env[name]}`);
    return;
  }
  const [, name = '', value] = /^([A-Za-z_]\w*)(?:\s*=\s*|\s+|$)([\s\S]+)?$/.exec(args) ?? [];
  if (name === '') throw withoutStack(BadEnv({ given: args }));
  if (value === undefined && !args.includes('=')) {
    if (process.env[name] === undefined) throw withoutStack(BadEnv({ given: `${name}, which is not set,` }));
    print(process.env[name]);
    return;
  }
  process.env[name] = unquoted(value ?? '');
  print(`${name}=${process.env[name]}`);
}

/** `%who` prints the notebook's names, `%whos` also what they are. */
export function listNames(args: string, { output, notebook }: MagicContext, isLong: boolean): void {
  const wanted = args.split(/\s+/).filter((word) => word !== '');
  const rows = [...notebook.names()]
    .map(([name, value]) => [name, kindOf(value), value] as const)
    .filter(([, kind]) => wanted.length === 0 || wanted.includes(kind))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  if (rows.length === 0 || !isLong) {
    output.stream(
      'stdout',
      rows.length === 0 ? 'the notebook has no such names\n' : `${rows.map(([name]) => name).join('  ')}\n`,
    );
    return;
  }
  const width = (column: 0 | 1): number => Math.max(...rows.map((row) => row[column].length));
  const [names, kinds] = [width(0), width(1)];
  for (const [name, kind, value] of rows)
    output.stream('stdout', `${name.padEnd(names)}  ${kind.padEnd(kinds)}  ${preview(value)}`.trimEnd().concat('\n'));
}

/** `number`, `class`, or the name of the object's class. */
function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value === 'function') return /^class\b/.test(Function.prototype.toString.call(value)) ? 'class' : 'function';
  if (typeof value !== 'object') return typeof value;
  try {
    const name: unknown = (Object.getPrototypeOf(value) as { constructor?: { name?: unknown } } | null)?.constructor?.name;
    return typeof name === 'string' && name !== '' ? name : 'Object';
  } catch {
    // The handler of a proxy failed, or the proxy is revoked.
    return 'Proxy';
  }
}

function preview(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${beginningOf(value, 60)}…` : value);
  try {
    if (Array.isArray(value) || (ArrayBuffer.isView(value) && 'length' in value)) return `length ${value.length as number}`;
    if (value instanceof Map || value instanceof Set) return `size ${value.size}`;
  } catch {
    return '';
  }
  return typeof value === 'object' || typeof value === 'function' ? '' : String(value);
}

/** `%reset` */
export function reset(args: string, { output, notebook }: MagicContext): void {
  if (!/^(-f|-s)?$/.test(args) || !notebook.reset()) throw withoutStack(ResetInCode());
  output.stream('stdout', 'the names of the notebook are forgotten\n');
}

/** `%history`, `%history -n 3-5`, `%history -l 2`, `%history -g pattern` */
export function history(args: string, { output, notebook }: MagicContext): void {
  const words = args.split(/\s+/).filter((word) => word !== '');
  let found = notebook.history();
  let isNumbered = false;
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    const range = /^(\d+)(?:-(\d*))?$/.exec(word);
    if (word === '-n') isNumbered = true;
    else if (word === '-l') {
      const count = /^\d+$/.test(words[0] ?? '') ? Number(words.shift()) : 10;
      found = count === 0 ? [] : found.slice(-count);
    } else if (word === '-g') {
      const pattern = words.splice(0).join(' ');
      found = found.filter(({ source }) => source.includes(pattern));
    } else if (range !== null) {
      const from = Number(range[1]);
      const to = range[2] === undefined ? from : range[2] === '' ? Number.POSITIVE_INFINITY : Number(range[2]);
      found = found.filter(({ number }) => number >= from && number <= to);
    } else throw withoutStack(BadHistory({ given: args }));
  }
  for (const { number, source } of found) output.stream('stdout', `${isNumbered ? `${number}: ` : ''}${source}\n`);
}

/** `%load file` */
export function load(args: string, { folder, notebook }: MagicContext): void {
  const text = readText('%load', namedFile('%load', folder, args));
  if (!notebook.nextInput(`// %load ${args}\n${text}`)) throw withoutStack(NoFrontEnd({ magic: '%load' }));
}

/** `%%writefile -a file` */
export function writeFile(args: string, body: string, { folder, output }: MagicContext): void {
  const isAdded = /^(-a|--append)\s+/.test(args);
  const path = args.replace(/^(-a|--append)\s+/, '');
  const file = namedFile('%%writefile', folder, path);
  const what = existsSync(file) ? (isAdded ? 'Appending to' : 'Overwriting') : 'Writing';
  try {
    (isAdded ? appendFileSync : writeFileSync)(file, body === '' || body.endsWith('\n') ? body : `${body}\n`);
  } catch (error) {
    throw withoutStack(MagicFile({ magic: '%%writefile', file, what: `cannot be written: ${(error as Error).message}` }));
  }
  output.stream('stdout', `${what} ${path}\n`);
}

/** @throws NBS_MAGIC_FILE */
function readText(magic: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw withoutStack(MagicFile({ magic, file, what: `cannot be read: ${(error as Error).message}` }));
  }
}

/** Windows ends lines by two characters. */
const withoutReturns = (text: string): string => text.replace(/\r\n?/g, '\n');

/** The cells of a file that `%run` names: those of a notebook, else its text. @throws NBS_MAGIC_FILE */
export function cellsOfFile(args: string, folder: string): string[] {
  const file = namedFile('%run', folder, args);
  const text = readText('%run', file);
  if (!file.endsWith('.ipynb')) return [withoutReturns(text)];
  try {
    const { cells } = JSON.parse(text) as { cells: { cell_type: string; source: string | string[] }[] };
    return cells.flatMap(({ cell_type: type, source }) => (type === 'code' ? [withoutReturns([source].flat().join(''))] : []));
  } catch {
    throw withoutStack(MagicFile({ magic: '%run', file, what: 'is not a notebook' }));
  }
}
