import { statSync } from 'node:fs';
import { freeMemory, mebibytes } from '../core/index.js';
import { OutOfMemory } from './errors.js';

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
