export { Authority, pinOf, selfSigned } from './authority.js';
export { type CertificateFiles, readOwnCertificates, watchOwnCertificates } from './own-certificates.js';
