/** Entry `nbserve/basics`: small parts that load nothing else, for the kernel. Not for notebooks. */

export { isCompilerGone } from './compiler-gone.js';
export { type Deferred, deferred } from './deferred.js';
export { withoutTelemetry } from './env.js';
export { Fifo } from './fifo.js';
export { isOwn } from './own-handle.js';
export { patience } from './patience.js';
export { type Progress, setProgressDisplay } from './progress.js';
export { CODE_ENDINGS, TYPED_ENDINGS } from './source-endings.js';
export { beginningOf, endsWithHalf, wellFormedJson } from './surrogate-pairs.js';
export { CLEAR_LINE, type LineOutput, replaceLine } from './terminal-line.js';
