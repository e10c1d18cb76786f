import { type AssetEvent, Assets } from './assets.js';
import { DatasetNotFound } from './errors.js';

export interface FetchDatasetOptions {
  /** The folder from which `datasets/` is looked for, upwards. @default the working folder */
  readonly from?: string;
  /** Called with a line of text when something begins. @default console.log */
  readonly onProgress?: (line: string) => void;
}

/**
 * The absolute path of an asset's file, which is fetched and built first if it is not here: `await fetchDataset('images/yolov5s-seg.onnx')`.
 * The first time, it says how large the asset is and under which licence.
 * @throws NBS_DATASET_NOT_FOUND, NBS_ASSET_UNAVAILABLE with the reason of each source, NBS_NO_CONVERTER, NBS_ASSET_NOT_KEPT
 */
export async function fetchDataset(name: string, options: FetchDatasetOptions = {}): Promise<string> {
  const { from, onProgress = (line: string) => console.log(line) } = options;
  const assets = Assets.find(from);
  const asset = assets.all.find((each) => each.name === name);
  if (asset === undefined)
    throw DatasetNotFound({
      name: String(name),
      reason: 'the manifest does not name it',
      valid: `there are ${assets.all.map((each) => each.name).join(', ')}`,
    });
  const { path, state } = await assets.check(asset);
  if (state === 'ready') return path;
  onProgress(`${asset.name}: ${asset.description}, ${(asset.bytes / 1e6).toFixed(1)} MB, ${asset.licence}, ${asset.credit}`);
  const onEvent = ({ kind, text }: AssetEvent) => {
    if (kind !== 'ready') onProgress(`${WORDS[kind]} ${text}`);
  };
  return await assets.fetch(asset, { onEvent });
}

const WORDS = { download: 'downloading', build: 'building by', 'source-failed': 'failed:' } as const;
