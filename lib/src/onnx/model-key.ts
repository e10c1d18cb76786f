import { createHash } from 'node:crypto';
import { realpathSync, statSync } from 'node:fs';
import { cpus } from 'node:os';
import { loadRuntime } from './runtime.js';
import { filesOfWeights } from './weight-files.js';

const KEY_LENGTH = 24;

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
  const weights = filesOfWeights(source).map((file) => realpathSync(file));
  return { model: hashOf([...place, path]), version: hashOf([path, ...weights].map(stampOf)) };
}

function stampOf(file: string): readonly unknown[] {
  const { size, mtimeMs, ino } = statSync(file);
  return [file, size, mtimeMs, ino];
}

const hashOf = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, KEY_LENGTH);
