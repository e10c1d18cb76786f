export { downloadFile, type Wanted } from './download-file.js';
export { DigestMismatch, DownloadBroken, ServerUnreachable } from './errors.js';
export { askHub, type HubAddress, type HubFile } from './hub.js';
export { networkReason, wordsOf } from './network-reason.js';
export { withinTime } from './within-time.js';
