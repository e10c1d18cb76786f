import { defineError } from '../core/index.js';

export const NoRows = defineError('NBS_PLOT_NO_ROWS', 400, '{where} takes a list of at least one row, such as [{ x: 1, y: 2 }]');
