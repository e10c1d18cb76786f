export { Authority, pinOf, selfSigned } from './authority.js';
export { readOwnCertificates, watchOwnCertificates } from './own-certificates.js';
