import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ReadLogs } from './agent-ops.js';
import { readLines } from './cluster-logs.js';
import type { LogLine } from './engine.js';

const BATCH = 10;
const line = (number: number): LogLine => ({
  processId: '1',
  role: 'replica',
  label: 'Chat#1',
  stream: 'stdout',
  text: `line ${number}`,
});

/** An agent whose processes have printed some lines, and print some more at each question until there are `end`. */
function agentWith(lines: number, more: number, end = 10_000) {
  let last = lines;
  const asked: ReadLogs[] = [];
  const read = async (request: ReadLogs) => {
    asked.push(request);
    if (asked.length > 1) last = Math.min(end, last + more);
    const after = request.after ?? last;
    const numbers = Array.from({ length: Math.min(BATCH, last - after) }, (_, i) => after + 1 + i);
    return {
      entries: numbers.map(line),
      last: after + numbers.length,
      missed: 0,
      ended: last === end && after + numbers.length === end,
    };
  };
  return { read, asked };
}

describe('the lines of a cluster', () => {
  it('end, without follow, although the processes print faster than they are read', async () => {
    const { read, asked } = agentWith(35, 100);
    let isCaughtUp = false;
    const texts: string[] = [];
    for await (const { text } of readLines(read, { follow: false, onCaughtUp: () => (isCaughtUp = true) })) texts.push(text);
    assert.deepEqual([texts[0], texts.length, asked.length, isCaughtUp], ['line 1', 40, 5, true]);
  });

  it('are none, without follow, if nothing was printed', async () => {
    const { read } = agentWith(0, 0);
    for await (const { text } of readLines(read, { follow: false })) assert.fail(text);
  });

  it('go on, with follow, until the cluster ends, each once', async () => {
    const { read } = agentWith(15, 3, 42);
    const texts: string[] = [];
    let atCatchUp = 0;
    for await (const { text } of readLines(read, { follow: true, onCaughtUp: () => (atCatchUp = texts.length) }))
      texts.push(text);
    assert.deepEqual(
      texts,
      Array.from({ length: 42 }, (_, i) => `line ${i + 1}`),
    );
    assert.equal(atCatchUp, 20);
  });

  it('are read once if the cluster has ended meanwhile', async () => {
    const { read } = agentWith(15, 0, 15);
    const texts: string[] = [];
    for await (const { text } of readLines(read, { follow: true })) texts.push(text);
    assert.equal(texts.length, 15);
  });
});
