/** The members of `plot`. */
export { bars, line, points, steps } from './charts.js';
export { parallel } from './parallel.js';
