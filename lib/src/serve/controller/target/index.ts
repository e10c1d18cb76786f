export { BlobCollector } from './blob-collector.js';
export { BlobStore } from './blobs.js';
export { type CanaryTrial, canaryWeight, endCanary } from './canary.js';
export { CanaryEvent } from './canary-state.js';
export { type Checkpoint, FileCheckpoint } from './checkpoint.js';
export { InvalidTraffic } from './errors.js';
export { receiveBlob } from './receive-blob.js';
export {
  type AppTarget,
  type AppVersion,
  accept,
  appOf,
  dependenciesOf,
  type GroupKey,
  groupKey,
  promote,
  reject,
  remove,
  revert,
  type TargetState,
  type WantedGroup,
  wantedGroups,
} from './target.js';
export { TargetStore } from './target-store.js';
export {
  type Promotion,
  promoteTogether,
  removedBy,
  removesOf,
  revertTogether,
  type Together,
  togetherIn,
} from './together.js';
export { baseOf, ownerOf, resolveVersion } from './traffic-names.js';
export { clearTraffic, moveCanary, setCanary, setTrafficRule, type TrafficRule } from './traffic-rule.js';
export { validateApp, validatePrefix } from './validate.js';
