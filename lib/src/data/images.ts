import { readFile } from 'node:fs/promises';
import { isNbserveError, NbserveError } from '../core/index.js';
import { image } from '../onnx/index.js';
import { type Block, makeBlock } from './block.js';
import { Dataset } from './dataset.js';
import { DataUnreadable, InvalidCall } from './errors.js';
import { filesOf } from './files.js';
import { ordered } from './ordered.js';
import { streamPlan } from './plans.js';
import { mixed, seededRandom } from './random.js';

/** Pictures in one block, and files that are read at the same time. */
const BLOCK_FILES = 32;
const FILES_AT_A_TIME = 8;
const EXTENSIONS = ['png', 'jpg', 'jpeg', 'webp', 'gif', 'avif', 'tif', 'tiff'];

export interface ReadImagesOptions {
  /** Size in pixels to which each picture is scaled. @default each keeps its own */
  readonly size?: { readonly width: number; readonly height: number };
  /** `'L'` is grey (one byte a pixel), `'RGB'` three bytes. @default 'RGB' */
  readonly mode?: 'L' | 'RGB';
  /** Adds the path of each file as the column `path`. @default false */
  readonly includePaths?: boolean;
  /**
   * `'files'` reads the files in a random order, which this data set keeps; `{ seed }` in an order that is always the same for the seed.
   * @default in the order of their paths
   */
  readonly shuffle?: 'files' | { readonly seed: number };
}

/** A row of `readImages`. */
export interface ImageRow {
  /** A byte for each channel of each pixel, row by row from the top left. */
  readonly image: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  /** Set with `includePaths`. */
  readonly path: string;
}

/**
 * Reads pictures: files, folders (with all pictures below) or globs. One read task a file, several at a time.
 * @throws NBS_DATA_NO_FILES; NBS_IMAGE_UNREADABLE and such for a file that is no picture
 */
export function readImages(paths: string | readonly string[], options: ReadImagesOptions = {}): Dataset<ImageRow> {
  const { size, mode = 'RGB', includePaths = false, shuffle } = options;
  if (mode !== 'L' && mode !== 'RGB')
    throw InvalidCall({ what: 'readImages', expected: "mode is 'L' or 'RGB'", got: String(mode) });
  const channels = mode === 'L' ? 1 : 3;
  const found = filesOf('readImages', paths, EXTENSIONS);
  const seed = typeof shuffle === 'object' ? shuffle.seed : undefined;
  const files = shuffle === undefined ? found : shuffled(found, seededRandom(mixed(seed)));
  const read = async (path: string): Promise<ImageRow> => {
    const pixels = await image.read(await bytesOf(path), { channels }).catch((error: unknown) => {
      throw withPath(error, path);
    });
    const { data, width, height } = size === undefined ? pixels : image.resize(pixels, { ...size, fit: 'fill' });
    return { image: data, width, height, channels, path };
  };
  const blocks = async function* (): AsyncGenerator<Block> {
    let held: ImageRow[] = [];
    for await (const row of ordered(asAsync(files), FILES_AT_A_TIME, read)) {
      held.push(row);
      if (held.length < BLOCK_FILES) continue;
      yield columns(held, includePaths);
      held = [];
    }
    if (held.length > 0) yield columns(held, includePaths);
  };
  const names = async (): Promise<string[]> => Object.keys(columns([], includePaths).columns);
  const plan = streamPlan(`readImages(${files.length} files)`, [], blocks, names);
  return new Dataset<ImageRow>(plan, { numBlocks: Math.ceil(files.length / BLOCK_FILES) });
}

/** @throws NBS_DATA_UNREADABLE if the file is gone, or may not be read */
async function bytesOf(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    throw DataUnreadable({ reason: `${path}: ${(error as Error).message}` }, error);
  }
}

/** The same error with the path of the picture. */
function withPath(error: unknown, path: string): unknown {
  if (!isNbserveError(error)) return error;
  const { code, status, message, details } = error;
  return new NbserveError({ code, status, message: `${path}: ${message}`, details, cause: error });
}

function columns(rows: readonly ImageRow[], includePaths: boolean) {
  const numbers = (key: 'width' | 'height' | 'channels'): Int32Array => Int32Array.from(rows, (row) => row[key]);
  return makeBlock(rows.length, [
    ['image', rows.map(({ image }) => image)],
    ['width', numbers('width')],
    ['height', numbers('height')],
    ['channels', numbers('channels')],
    ...(includePaths ? ([['path', rows.map(({ path }) => path)]] as const) : []),
  ]);
}

function shuffled<V>(values: readonly V[], random: () => number): V[] {
  const order = [...values];
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j] as V, order[i] as V];
  }
  return order;
}

async function* asAsync<V>(values: readonly V[]): AsyncGenerator<V> {
  yield* values;
}
