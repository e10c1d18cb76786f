import { defineError } from '../core/index.js';

export const DatasetNotFound = defineError('NBS_DATASET_NOT_FOUND', 404, 'no dataset {name}: {reason}; {valid}');
export const InvalidManifest = defineError('NBS_MANIFEST_INVALID', 500, '{path} is not a manifest of datasets: {reason}');
export const InvalidData = defineError('NBS_DATA_INVALID', 422, '{source} cannot be read as {format}: {reason}');
export const AssetMismatch = defineError(
  'NBS_ASSET_MISMATCH',
  502,
  '{name} has the sha256 {actual}, the manifest says {expected}; it was not kept',
);
export const AssetUnavailable = defineError(
  'NBS_ASSET_UNAVAILABLE',
  503,
  '{name} could not be fetched from any of its sources: {reasons}',
);
export const NoConverter = defineError('NBS_NO_CONVERTER', 501, '{name} cannot be converted: {reason}');
export const AssetNotKept = defineError('NBS_ASSET_NOT_KEPT', 507, '{name} cannot be kept at {path}: {reason}; {remedy}');
export const DatasetDamaged = defineError(
  'NBS_DATASET_DAMAGED',
  500,
  '{path} is damaged: it has the sha256 {actual}, the manifest says {expected}; {remedy}',
);
export const Offline = defineError(
  'NBS_OFFLINE',
  503,
  '{name} {reason}, and {by} forbids downloads; while you are online, run: npx nbserve assets {command}',
);
