export { findNotebooks, isNotebook, withoutTwice } from './find-notebooks.js';
export { COLORED, linesOf, PLAIN, summaryOf } from './report.js';
export { namedSanitizers, readSanitizers } from './sanitizers.js';
export { type TestProgress, testNotebooks } from './test-notebooks.js';
export { parseTolerance } from './tolerance.js';
