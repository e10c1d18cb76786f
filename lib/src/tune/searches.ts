/** The members of `tune.search`. */
export { BasicVariantGenerator, TPESearch } from './search.js';
