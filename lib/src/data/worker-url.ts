/** The module that runs in the worker processes of data sets. */
export const BATCH_WORKER = new URL('./batch-worker.js', import.meta.url).href;
