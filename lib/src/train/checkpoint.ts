import { cp, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { jsonFault } from '../core/index.js';
import { decodeWeights } from '../onnx/index.js';
import { replaceFolder, settleFolder, type TrainCheckpoint } from '../session/index.js';
import { keptTrees } from '../trees/index.js';
import { CheckpointNotKept, NoCheckpoint, StateNotJson } from './errors.js';
import { type Network, type Optimizer, StateMismatch } from './nn/index.js';

const MODEL = 'model.onnx';
const OPTIMIZER = 'optimizer.bin';
/** The key of the file's metadata. */
const TRAINING = 'nbserve.training';
const PREFIX = 'checkpoint_';

/** What a checkpoint has besides the weights. */
interface Training {
  readonly step: number;
  readonly state: unknown;
  readonly optimizer?: {
    readonly kind: string;
    readonly step: number;
    readonly lr?: number | undefined;
    readonly slots: readonly (readonly [name: string, length: number])[];
  };
}

export interface CheckpointParts<S = unknown> {
  readonly network: Network;
  /** @default no optimizer: a training that goes on from it begins with a new one */
  readonly optimizer?: Optimizer;
  /** What your loop needs to go on, e.g. the number of the epoch: numbers, texts, booleans, lists and plain objects, as JSON has them. @default null */
  readonly state?: S;
}

/** A folder with files as a checkpoint, for `train.report`. */
export const fromDirectory = (path: string): TrainCheckpoint => ({ path: resolve(path) });

/**
 * Writes a checkpoint: `model.onnx`, which `onnx.load` reads and `serve` can run, and the state of the optimizer. The folder appears whole or not at all.
 * @param folder a folder that is there already is replaced; each worker of a training needs one of its own
 * @throws NBS_TRAIN_CHECKPOINT_NOT_KEPT, e.g. if the disk is full; NBS_TRAIN_STATE_NOT_JSON if JSON would lose a part of `state`
 */
export async function saveCheckpoint(
  folder: string,
  { network, optimizer, state = null }: CheckpointParts,
): Promise<TrainCheckpoint> {
  const fault = jsonFault(state, 'state', { allowsUndefined: true });
  if (fault !== null) throw StateNotJson({ ...fault });
  const own = optimizer?.state();
  const slots = Object.entries(own?.slots ?? {});
  const training: Training = {
    step: network.step,
    state,
    ...(own !== undefined && {
      optimizer: { kind: own.kind, step: own.step, lr: own.lr, slots: slots.map(([name, slot]) => [name, slot.length] as const) },
    }),
  };
  const path = resolve(folder);
  await appear(path, async (made) => {
    await mkdir(made, { recursive: true });
    await writeFile(join(made, MODEL), network.toOnnx({ [TRAINING]: JSON.stringify(training) }));
    if (own !== undefined) await writeFile(join(made, OPTIMIZER), Buffer.concat(slots.map(([, slot]) => bytesOf(slot))));
  });
  return { path };
}

/**
 * Sets network and optimizer, with its learning rate, to what {@link saveCheckpoint} wrote. A training that goes on computes the same numbers, bit by bit, as one that was not
 * interrupted. If one of them does not fit, nothing is changed.
 * @returns the `state`
 * @throws NBS_TRAIN_NO_CHECKPOINT, NBS_TRAIN_STATE_MISMATCH if it is of another network or optimizer, NBS_ONNX_INVALID_MODEL
 */
export async function loadCheckpoint<S = unknown>(
  checkpoint: TrainCheckpoint | string,
  { network, optimizer }: Omit<CheckpointParts, 'state'>,
): Promise<S> {
  const path = typeof checkpoint === 'string' ? resolve(checkpoint) : checkpoint.path;
  await settleFolder(path);
  const bytes = await readPart(path, MODEL);
  const text = decodeWeights(bytes).metadata[TRAINING];
  const training = (text === undefined ? { step: 0, state: null } : JSON.parse(text)) as Training;
  if (optimizer !== undefined) {
    const saved = training.optimizer;
    if (saved === undefined) throw StateMismatch({ source: path, reason: 'it was saved without an optimizer' });
    const raw = await readPart(path, OPTIMIZER);
    if (raw.length !== 4 * saved.slots.reduce((sum, [, length]) => sum + length, 0))
      throw StateMismatch({ source: join(path, OPTIMIZER), reason: `it has ${raw.length} bytes` });
    const all = new Float32Array(new Uint8Array(raw).buffer);
    let at = 0;
    const slots = saved.slots.map(([name, length]) => {
      at += length;
      return [name, all.subarray(at - length, at)] as const;
    });
    const { kind, step, lr } = saved;
    const undo = keeping(network);
    network.fromOnnx(bytes, path);
    try {
      optimizer.restore({ kind, step, ...(lr !== undefined && { lr }), slots: Object.fromEntries(slots) });
    } catch (error) {
      undo();
      throw error;
    }
  } else network.fromOnnx(bytes, path);
  network.step = training.step;
  return training.state as S;
}

/** Keeps the weights of a network. @returns what sets them again */
function keeping({ parameters, buffers }: Network): () => void {
  const kept = [parameters, buffers].map(({ values }) => [values, values.slice()] as const);
  return () => {
    for (const [values, before] of kept) values.set(before);
  };
}

/** The newest checkpoint of a training of a network or of trees, by the folder of its result; null if there is none. */
export async function latestCheckpoint(folder: string): Promise<TrainCheckpoint | null> {
  const last = (await checkpointsOf(folder)).at(-1);
  return last === undefined ? keptTrees(resolve(folder)) : { path: join(resolve(folder), last) };
}

/** Names of the checkpoints in a result's folder, oldest first. */
export async function checkpointsOf(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  return names.filter((name) => name.startsWith(PREFIX) && /^\d+$/.test(name.slice(PREFIX.length))).sort();
}

/** Copies a checkpoint into a result's folder. @param number its place in the order */
export async function keepCheckpoint({ path }: TrainCheckpoint, folder: string, number: number): Promise<TrainCheckpoint> {
  const kept = join(folder, `${PREFIX}${String(number).padStart(6, '0')}`);
  if (!(await stat(path).catch(() => null))?.isDirectory()) throw NoCheckpoint({ path, reason: 'it is not a folder' });
  await appear(kept, (made) => cp(path, made, { recursive: true }));
  return { path: kept };
}

/** The errors that one process gets if another one replaces the folder that it reads or writes. */
const REPLACED = ['ENOENT', 'ENOTEMPTY', 'EEXIST'];

/** Makes a folder under another name first, so that nobody ever sees a half of it. */
const appear = (path: string, make: (folder: string) => Promise<void>): Promise<void> =>
  replaceFolder(path, make).catch((error: NodeJS.ErrnoException) => {
    const hint = REPLACED.includes(error.code as string) ? ' (each worker needs a folder of its own)' : '';
    throw CheckpointNotKept({ path, reason: `${error.message}${hint}` }, error);
  });

async function readPart(folder: string, name: string): Promise<Buffer> {
  try {
    return await readFile(join(folder, name));
  } catch (error) {
    throw NoCheckpoint({ path: folder, reason: (error as Error).message }, error);
  }
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array => new Uint8Array(buffer, byteOffset, byteLength);
