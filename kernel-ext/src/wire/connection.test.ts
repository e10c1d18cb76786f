import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { endpoint, parseConnection } from './connection.js';

const FILE = { ip: '127.0.0.1', key: 'k', shell_port: 1, iopub_port: 2, stdin_port: 3, control_port: 4, hb_port: 5 };
const fail = (why: string): never => {
  throw new Error(why);
};

describe('a connection file', () => {
  it('gives endpoints for tcp, IPv6 and ipc', () => {
    assert.equal(endpoint(parseConnection(FILE, fail), 'iopub'), 'tcp://127.0.0.1:2');
    assert.equal(endpoint(parseConnection({ ...FILE, ip: '::1' }, fail), 'hb'), 'tcp://[::1]:5');
    assert.equal(endpoint(parseConnection({ ...FILE, transport: 'ipc', ip: '/run/k' }, fail), 'shell'), 'ipc:///run/k-1');
  });

  it('is refused with what would be valid', () => {
    const cases: [Record<string, unknown>, RegExp][] = [
      [{ transport: 'udp' }, /tcp, ipc/],
      [{ signature_scheme: 'md5' }, /hmac-sha256/],
      [{ key: '' }, /signed/],
      [{ key: 1 }, /string/],
      [{ hb_port: 'x' }, /hb_port/],
      [{ shell_port: 70_000 }, /shell_port/],
      [{ transport: 'ipc', shell_port: 0 }, /shell_port must not be 0 with ipc/],
    ];
    for (const [change, message] of cases) assert.throws(() => parseConnection({ ...FILE, ...change }, fail), message);
  });
});
