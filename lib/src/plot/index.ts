/** Charts of rows for notebooks: `import { plot } from 'nbserve/plot'`. The packages `vega` and `vega-lite` must be installed for types and pictures. */

export * as plot from './api.js';
export type { Chart, ChartOptions } from './charts.js';
export type { ParallelOptions } from './parallel.js';
