/** The network between two nodes is cut, and the head reaches both. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { HalfCutReport } from '../fixtures/half-cut-driver.js';
import { newNetwork } from '../fixtures/two-networks.js';

const DRIVER = fileURLToPath(new URL('../fixtures/half-cut-driver.js', import.meta.url));
const within = newNetwork();

describe('a cut between a proxy and replicas', {
  skip: within === null ? 'no namespace of the network can be made here' : false,
}, () => {
  let report: HalfCutReport;
  before(async () => {
    const [program, ...args] = within as readonly [string, ...string[]];
    const child = spawn(program, [...args, process.execPath, DRIVER], { stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    child.stdout.on('data', (data) => (text += String(data)));
    const code = await new Promise((resolve) => child.on('close', resolve));
    assert.equal(code, 0, text);
    report = JSON.parse(text.trim().split('\n').at(-1) as string) as HalfCutReport;
    console.log(JSON.stringify(report));
  });

  it('ends requests with a code that would run twice otherwise, and none hangs', () => {
    assert.equal(report.isAlive, true);
    assert.ok(report.once.every((fate) => fate === 'NBS_REPLICA_CUT_OFF'));
  });

  it('answers those whose method is idempotent when the network is back', () => {
    assert.deepEqual(new Set(report.again), new Set(['200']));
  });

  it('does not end a request that only takes long', () => assert.equal(report.long, 200));
});
