import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Access } from './access.js';

test('allowed hosts are compared as clients send them: in any case, with any port, and with a dot at the end', () => {
  const access = new Access({
    host: '127.0.0.1',
    allowedHosts: ['Models.Example.org', 'chat.example.', 'FD00::1', '[fd00::2]'],
    allowedOrigins: [],
  });
  const refused = (host: string) => access.refuse({ headers: { host }, rawHeaders: ['Host', host], url: '/' })?.code;
  for (const host of [
    'models.example.org',
    'MODELS.example.org:8443',
    'chat.example',
    'chat.example.:80',
    '[fd00::1]:8000',
    '[fd00::2]',
  ])
    assert.equal(refused(host), undefined, host);
  for (const host of ['example.org', 'other.example.org', '[fd00::3]']) assert.equal(refused(host), 'NBS_HOST_REFUSED', host);
});

test('a star allows every host', () => {
  const access = new Access({ host: '127.0.0.1', allowedHosts: ['*'], allowedOrigins: [] });
  assert.equal(access.refuse({ headers: { host: 'any.example' }, rawHeaders: ['Host', 'any.example'], url: '/' }), null);
});
