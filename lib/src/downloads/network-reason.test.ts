import assert from 'node:assert/strict';
import { test } from 'node:test';
import { networkReason } from './network-reason.js';

test('the messages of npm, pip and Node say why there is no network', () => {
  for (const [words, reason] of [
    [
      'npm error network request to http://no.invalid/x failed, reason: getaddrinfo ENOTFOUND no.invalid',
      'its name cannot be resolved (DNS) (http://no.invalid)',
    ],
    [
      'FetchError: request to http://127.0.0.1:1/x failed, reason: connect ECONNREFUSED 127.0.0.1:1',
      'the connection was refused (http://127.0.0.1:1)',
    ],
    [
      "connection broken by 'NewConnectionError(…: Failed to establish a new connection: [Errno 111] Connection refused')': /simple/x/",
      'the connection was refused',
    ],
    [
      "'ProxyError('Cannot connect to proxy.', NewConnectionError(… Connection refused'))'",
      'the proxy does not take the connection',
    ],
    ['npm error code SELF_SIGNED_CERT_IN_CHAIN', 'its certificate is not trusted'],
    ['npm error code ERR_SOCKET_TIMEOUT', 'it does not answer in time'],
  ] as const) {
    assert.equal(networkReason(words), reason);
  }
  for (const words of ['npm error code E404', 'npm error code ENOSPC', 'No matching distribution found for x==1'])
    assert.equal(networkReason(words), null);
});
