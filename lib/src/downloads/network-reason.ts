/** Words of npm, pip and Node that say why a registry did not answer. The first one found counts. */
const REASONS: readonly (readonly [words: RegExp, reason: string])[] = [
  [
    /ProxyError|Cannot connect to proxy|tunneling socket|407 Proxy|Proxy Authentication|EPROXY/i,
    'the proxy does not take the connection',
  ],
  [
    /ENOTFOUND|EAI_AGAIN|getaddrinfo|NameResolutionError|Name or service not known|name resolution|nodename nor servname/i,
    'its name cannot be resolved (DNS)',
  ],
  [/ECONNREFUSED|Connection refused/i, 'the connection was refused'],
  [/ENETUNREACH|EHOSTUNREACH|Network is unreachable|No route to host/i, 'there is no route to it'],
  [
    /CERT_|SELF_SIGNED|self-signed|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER|CERTIFICATE_VERIFY_FAILED|SSLError|ERR_TLS/i,
    'its certificate is not trusted',
  ],
  [
    /ETIMEDOUT|ESOCKETTIMEDOUT|ERR_SOCKET_TIMEOUT|ConnectTimeout|ReadTimeout|timed out|UND_ERR_CONNECT|TimeoutError|operation was aborted/i,
    'it does not answer in time',
  ],
  [/ECONNRESET|EPIPE|Connection reset|RemoteDisconnected|socket hang up|UND_ERR_SOCKET|ProtocolError/i, 'the connection broke'],
];

/** Why a registry could not be reached, with the address if the words name it. `null` if the words are not about the network. */
export function networkReason(words: string): string | null {
  const reason = REASONS.find(([pattern]) => pattern.test(words))?.[1];
  if (reason === undefined) return null;
  const address = /https?:\/\/[^\s/'"),]+/.exec(words)?.[0] ?? /\b(?:\d{1,3}\.){3}\d{1,3}:\d+\b/.exec(words)?.[0];
  return address === undefined ? reason : `${reason} (${address})`;
}

/** What a client wrote, or the messages of the causes of a failed `fetch`. */
export function wordsOf(error: unknown): string {
  const { stderr, message, code, cause } = error as { stderr?: string; message: string; code?: unknown; cause?: unknown };
  const own = [stderr, message, typeof code === 'string' ? code : ''].filter(Boolean).join('\n');
  return cause === undefined ? own : `${own}\n${wordsOf(cause)}`;
}
