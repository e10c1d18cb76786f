import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { cpus } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { loadRuntime } from './runtime.js';

const KEY_LENGTH = 24;
const LARGEST_WITHOUT_WEIGHTS = 64 * 2 ** 20;

/**
 * Names for something that was made of a model, on this machine and with this version of ONNX Runtime.
 * @param what the options on which it depends
 * @returns a name for the model with these options, and one for what the model contains now
 */
export function keysOf(source: string | Uint8Array, what: unknown): { readonly model: string; readonly version: string } {
  const place = [what, loadRuntime().env.versions, process.platform, process.arch, cpus()[0]?.model];
  if (typeof source !== 'string') {
    const version = createHash('sha256').update(source).digest('hex').slice(0, KEY_LENGTH);
    return { model: hashOf([...place, version]), version };
  }
  const path = realpathSync(source);
  return { model: hashOf([...place, path]), version: hashOf([path, ...weightFiles(path)].map(stampOf)) };
}

/** The files beside a model that it names: its weights, if they are not in the model. Such a model is small. */
function weightFiles(path: string): string[] {
  if (statSync(path).size > LARGEST_WITHOUT_WEIGHTS) return [];
  const bytes = readFileSync(path);
  const others = readdirSync(dirname(path)).filter((name) => name !== basename(path));
  return others.filter((name) => bytes.includes(name)).map((name) => join(dirname(path), name));
}

function stampOf(file: string): readonly unknown[] {
  const { size, mtimeMs, ino } = statSync(file);
  return [file, size, mtimeMs, ino];
}

const hashOf = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, KEY_LENGTH);
