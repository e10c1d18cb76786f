/** Who may call a server of the cluster: the checks of Host, origin and token. */

export { Access, type AccessRules } from './access.js';
export { HostRefused, OriginRefused } from './errors.js';
export { bearsToken, isToken, showsToken, TOKEN_HEADER } from './token.js';
