export { historyFolder } from './env.js';
export { isHistoryFile, KeptHistory } from './kept-history.js';
