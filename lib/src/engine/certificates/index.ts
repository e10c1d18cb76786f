export { Authority, pinOf, selfSigned } from './authority.js';
