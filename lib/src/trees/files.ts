import { access, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isRecord } from '../core/index.js';
import { replaceFolder, type TrainCheckpoint } from '../session/index.js';
import { NotKept, WrongModel } from './errors.js';
import type { Feature } from './features.js';
import { TreesModel } from './model.js';
import type { TreesModelData } from './model-data.js';
import type { Tree } from './tree.js';

const JSON_FILE = 'model.json';
const ONNX_FILE = 'model.onnx';
const TRAINING_FILE = 'training.json';

/** What a training needs to go on: its trees before they are rounded for the model. */
export interface Grown {
  readonly objective: string;
  readonly label: string;
  readonly features: readonly Feature[];
  readonly base: number;
  readonly trees: readonly Tree[];
  readonly history: readonly Readonly<Record<string, number>>[];
}

/** The folder of the checkpoint, in the folder of a result. */
export const checkpointIn = (folder: string): string => join(folder, 'checkpoint');

/** The checkpoint of a training of trees, by the folder of its result; null if there is none. */
export async function keptTrees(folder: string): Promise<TrainCheckpoint | null> {
  const path = checkpointIn(folder);
  return access(join(path, TRAINING_FILE)).then(
    () => ({ path }),
    () => null,
  );
}

/** Writes the files of a checkpoint: all of them appear at once, or none. @throws NBS_TREES_NOT_KEPT */
export async function writeModel(model: TreesModel, grown: Grown, path: string): Promise<TrainCheckpoint> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await replaceFolder(path, async (made) => {
      await mkdir(made);
      await writeFile(join(made, ONNX_FILE), model.toOnnx());
      await writeFile(join(made, JSON_FILE), JSON.stringify(model, numberText));
      await writeFile(join(made, TRAINING_FILE), JSON.stringify(grown, numberText));
    });
  } catch (error) {
    throw NotKept({ path, reason: (error as Error).message }, error);
  }
  return { path };
}

/** What {@link writeModel} wrote about the training. @throws NBS_TREES_WRONG_MODEL */
export async function readGrown(checkpoint: TrainCheckpoint): Promise<Grown> {
  const path = join(checkpoint.path, TRAINING_FILE);
  try {
    const { trees, history, ...rest } = JSON.parse(await readFile(path, 'utf8')) as Grown;
    return { ...rest, trees: trees.map(withNumbers), history };
  } catch (error) {
    throw WrongModel({ path, reason: (error as Error).message }, error);
  }
}

const withNumbers = (tree: Tree): Tree => ({ ...tree, threshold: tree.threshold.map(Number) });

/** JSON has no infinity, which is the threshold that separates all numbers from missing values. */
const numberText = (_: string, value: unknown): unknown =>
  value === Number.POSITIVE_INFINITY ? 'Infinity' : value === Number.NEGATIVE_INFINITY ? '-Infinity' : value;

/** Reads the model of a checkpoint. @throws NBS_TREES_WRONG_MODEL, also if there is none */
export async function loadTrees(checkpoint: TrainCheckpoint): Promise<TreesModel> {
  const path = join(checkpoint.path, JSON_FILE);
  let data: unknown;
  try {
    data = JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    throw WrongModel({ path, reason: (error as Error).message }, error);
  }
  if (!isRecord(data) || data.format !== 'nbserve-trees') throw WrongModel({ path, reason: 'its format is not nbserve-trees' });
  if (data.version !== 1) throw WrongModel({ path, reason: `its version is ${String(data.version)}, and this one reads 1` });
  const { trees, ...rest } = data as unknown as TreesModelData;
  return new TreesModel({ ...rest, trees: trees.map(withNumbers) });
}
