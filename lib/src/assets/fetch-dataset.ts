import { beginProgress, hasProgressDisplay } from '../core/index.js';
import { type AssetEvent, Assets } from './assets.js';
import { assetsInside, datasetPath } from './dataset-path.js';
import { DatasetNotFound } from './errors.js';
import type { Asset, SourceKind } from './manifest.js';

/** Options of {@link fetchDataset}. */
export interface FetchDatasetOptions {
  /** The folder from which `datasets/` is looked for, upwards. @default the working folder */
  readonly from?: string;
  /** Its origin: a package of a registry, or the Hugging Face hub. @default what is there, else `registry` */
  readonly source?: SourceKind;
  /** Called with a line of text when something begins. @default in a notebook a bar that fills, elsewhere lines that `console.log` prints */
  readonly onProgress?: (line: string) => void;
}

/**
 * The absolute path of an asset's file, which is fetched and built first if it is not here: `await fetchDataset('images/yolov5s-seg.onnx')`.
 * The name of a folder of assets fetches all of them, and gives the path of the folder: `await fetchDataset('smollm2-135m-instruct')`.
 * The first time, it says how large the asset is and under which licence. Calls that come meanwhile share the download.
 * @throws NBS_DATASET_NOT_FOUND, NBS_ASSET_UNAVAILABLE with the reason of each source, NBS_NO_CONVERTER, NBS_ASSET_NOT_KEPT, NBS_OFFLINE
 */
export async function fetchDataset(name: string, options: FetchDatasetOptions = {}): Promise<string> {
  const { from } = options;
  return withAssets(Assets.find(from), async (assets) => {
    const asset = assets.all.find((each) => each.name === name);
    if (asset !== undefined) return fetchOne(assets, asset, options);
    const inside = assetsInside(assets.all, name);
    if (inside.length === 0)
      throw DatasetNotFound({
        name: String(name),
        reason: 'the manifest does not name it',
        valid: `there are ${assets.all.map((each) => each.name).join(', ')}`,
      });
    for (const each of inside) await fetchOne(assets, each, options);
    return datasetPath(name, from === undefined ? {} : { from });
  });
}

async function fetchOne(assets: Assets, asset: Asset, { source, onProgress }: FetchDatasetOptions): Promise<string> {
  const { path, state, from: origin } = await assets.check(asset);
  if (state === 'ready' && (source ?? origin) === origin) return path;
  const say = onProgress ?? ((line: string) => console.log(line));
  say(`${asset.name}: ${asset.description}, ${megabytes(asset.bytes)}, ${asset.licence}, ${asset.credit}`);
  const where = source === undefined ? {} : { from: source };
  const onEvent = onProgress === undefined ? barOf(asset.name) : linesOf(onProgress);
  return assets.fetch(asset, { onEvent, ...where });
}

interface Shared {
  readonly assets: Assets;
  users: number;
  hasFailed: boolean;
}
/** The assets that are being fetched, by their folder. Files of one package then come from one download, which is removed when the last of them is here. */
const shared = new Map<string, Shared>();

async function withAssets(found: Assets, work: (assets: Assets) => Promise<string>): Promise<string> {
  const one = shared.get(found.folder) ?? { assets: found, users: 0, hasFailed: false };
  shared.set(found.folder, one);
  one.users += 1;
  try {
    return await work(one.assets);
  } catch (error) {
    // Its download is continued by the next try.
    one.hasFailed = true;
    throw error;
  } finally {
    one.users -= 1;
    if (one.users === 0) {
      shared.delete(found.folder);
      if (!one.hasFailed) await one.assets.close();
    }
  }
}

const megabytes = (bytes: number): string => (bytes === 0 ? 'of a size that the hub knows' : `${(bytes / 1e6).toFixed(1)} MB`);

const WORDS = { licence: '', download: 'downloading ', build: 'building by ', 'source-failed': 'failed: ' } as const;

const linesOf =
  (say: (line: string) => void) =>
  ({ kind, text }: AssetEvent): void => {
    if (kind !== 'ready' && kind !== 'progress') say(`${WORDS[kind]}${text}`);
  };

/** A bar that begins with the download. */
function barOf(name: string): (event: AssetEvent) => void {
  const begun = performance.now();
  const progress = beginProgress(name);
  return ({ kind, text, done = 0, total = 0 }) => {
    if (kind === 'progress') {
      const part = total === 0 ? null : done / total;
      // Without a total, each piece would be a line of its own.
      if (part === null && !hasProgressDisplay()) return;
      progress.update(part, part === null ? megabytes(done) : `${Math.floor(part * 100)} % of ${megabytes(total)}`);
    } else if (kind === 'ready') progress.end(`ready after ${((performance.now() - begun) / 1000).toFixed(1)} s`);
    else if (kind === 'licence') console.log(text);
    else if (kind === 'source-failed') progress.end(`failed: ${text}`);
    else progress.update(null, `${WORDS[kind]}${text}`);
  };
}
