import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isRecord } from '../core/index.js';
import type { TrainCheckpoint } from '../session/index.js';
import { WrongModel } from './errors.js';
import { TreesModel } from './model.js';
import type { TreesModelData } from './model-data.js';

const JSON_FILE = 'model.json';
const ONNX_FILE = 'model.onnx';

/** Writes both files of a model. Each appears whole or not at all. */
export async function writeModel(model: TreesModel, folder: string): Promise<TrainCheckpoint> {
  await mkdir(folder, { recursive: true });
  for (const [name, bytes] of [
    [ONNX_FILE, model.toOnnx()],
    [JSON_FILE, JSON.stringify(model, numberText)],
  ] as const) {
    const path = join(folder, name);
    await writeFile(`${path}.new`, bytes);
    await rename(`${path}.new`, path);
  }
  return { path: folder };
}

/** JSON has no infinity, which is the threshold that separates all numbers from missing values. */
const numberText = (_: string, value: unknown): unknown =>
  value === Number.POSITIVE_INFINITY ? 'Infinity' : value === Number.NEGATIVE_INFINITY ? '-Infinity' : value;

/** Reads the model of a checkpoint. @throws NBS_TREES_WRONG_MODEL, and Node's error if there is no file */
export async function loadTrees(checkpoint: TrainCheckpoint): Promise<TreesModel> {
  const path = join(checkpoint.path, JSON_FILE);
  let data: unknown;
  try {
    data = JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw WrongModel({ path, reason: error.message }, error);
  }
  if (!isRecord(data) || data.format !== 'nbserve-trees') throw WrongModel({ path, reason: 'its format is not nbserve-trees' });
  if (data.version !== 1) throw WrongModel({ path, reason: `its version is ${String(data.version)}, and this one reads 1` });
  const { trees, ...rest } = data as unknown as TreesModelData;
  return new TreesModel({ ...rest, trees: trees.map((tree) => ({ ...tree, threshold: tree.threshold.map(Number) })) });
}
