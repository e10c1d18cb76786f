/** The network between two machines is cut for 20 s, and healed. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Fate, PartitionReport } from '../fixtures/partition-driver.js';
import { newNetwork } from '../fixtures/two-networks.js';

const DRIVER = fileURLToPath(new URL('../fixtures/partition-driver.js', import.meta.url));
const within = newNetwork();

async function partition(): Promise<PartitionReport> {
  const [program, ...args] = within as readonly [string, ...string[]];
  const child = spawn(program, [...args, process.execPath, DRIVER], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (data) => (text += String(data)));
  const code = await new Promise((resolve) => child.on('close', resolve));
  assert.equal(code, 0, text);
  return JSON.parse(text.trim().split('\n').at(-1) as string) as PartitionReport;
}

const failed = (fates: readonly Fate[]) => fates.filter(({ status }) => status !== 200);

describe('a partition of 20 s', { skip: within === null ? 'no namespace of the network can be made here' : false }, () => {
  let report: PartitionReport;
  before(async () => {
    report = await partition();
    for (const [name, { fates, begun }] of Object.entries({ once: report.once, again: report.again })) {
      const codes = failed(fates)
        .map(({ code }) => code)
        .join(' ');
      console.log(
        `${name}: ${fates.length} requests, ${failed(fates).length} failed (${codes}), ${begun.length - new Set(begun).size} ran twice`,
      );
    }
  });

  it('runs no request twice whose method is not idempotent', () => {
    const { fates, begun } = report.once;
    assert.equal(new Set(begun).size, begun.length);
    const ran = new Set(begun);
    assert.ok(fates.filter(({ status }) => status === 200).every(({ id }) => ran.has(id)));
  });

  it('fails only what was on its way to the lost node, with a code, and does not let it hang until the network is back', () => {
    const lost = failed(report.once.fates);
    assert.ok(lost.length > 0);
    for (const { code, answeredMs } of lost) {
      assert.match(code ?? '', /^NBS_REPLICA_(?:DIED|CUT_OFF)$/);
      assert.ok(answeredMs < report.cutMs);
    }
    // The others were answered by the replicas that can be reached.
    assert.ok(lost.length < report.once.fates.length / 10);
  });

  it('loses no request whose method is idempotent', () => {
    assert.deepEqual(failed(report.again.fates), []);
  });

  it('replaces the replicas, ends the old ones on their side of the cut, and takes the node back', () => {
    const [earlier, during, after] = report.nodes;
    assert.deepEqual(earlier, ['local', 'local', 'other', 'other']);
    assert.deepEqual(during, ['local', 'local', 'local', 'local']);
    assert.equal(report.oldAtHeal, 0);
    assert.ok(after?.includes('other'));
  });
});
