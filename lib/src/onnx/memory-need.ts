import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { freeMemory, mebibytes } from '../core/index.js';
import { OutOfMemory } from './errors.js';

/** A model with its weights in other files is smaller than this. */
const LARGEST_WITHOUT_WEIGHTS = 64 * 2 ** 20;

/**
 * Refuses a model whose weights alone are larger than the memory that is left. Without this, the system would end the process during the load, and nobody
 * would be told why. A model that is only a little smaller can still end it.
 * @param weights the files of its weights
 * @param isShared true if the system reads the weights from their file when they are needed, so that they need no memory of this process
 * @throws NBS_ONNX_OUT_OF_MEMORY
 */
export function refuseTooLarge(source: string | Uint8Array, label: string, weights: readonly string[], isShared: boolean): void {
  // The bytes are in memory already.
  if (typeof source !== 'string' || isShared) return;
  const needed = [source, ...weights].reduce((sum, file) => sum + statSync(file).size, 0);
  const free = freeMemory();
  if (free === null || needed <= free.bytes) return;
  const reason = `its weights take ${mebibytes(needed)}, and ${mebibytes(free.bytes)} are free (${free.why})`;
  throw OutOfMemory({ name: label, device: 'cpu', reason });
}

/** The files beside a model in which it says that its weights lie: the entry `location` of the external data of a tensor. */
export function filesOfWeights(path: string): string[] {
  if (statSync(path).size > LARGEST_WITHOUT_WEIGHTS) return [];
  const bytes = readFileSync(path);
  const isNamed = (name: string): boolean => {
    const length = Buffer.byteLength(name);
    // The key and the value are the fields 1 and 2 of a StringStringEntryProto, and each begins with its length.
    return (
      length < 128 && bytes.includes(Buffer.concat([Buffer.from('\n\blocation\x12'), Buffer.from([length]), Buffer.from(name)]))
    );
  };
  const others = readdirSync(dirname(path)).filter((name) => name !== basename(path) && isNamed(name));
  return others.map((name) => join(dirname(path), name));
}
