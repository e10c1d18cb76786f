import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseToken, randomNumbers } from './sampler.js';

const logits = Float32Array.of(1, 3, 2, -10);

test('temperature 0 takes the most likely token', () => {
  assert.equal(
    chooseToken(logits, { temperature: 0, topP: 1 }, () => 0.99),
    1,
  );
});

test('tokens come as often as their probabilities say', () => {
  const random = randomNumbers(7);
  const counts = [0, 0, 0, 0];
  const rounds = 20_000;
  for (let i = 0; i < rounds; i += 1) {
    const token = chooseToken(logits, { temperature: 1, topP: 1 }, random);
    counts[token] = (counts[token] as number) + 1;
  }
  const weights = [...logits].map((logit) => Math.exp(logit));
  const sum = weights.reduce((a, b) => a + b);
  for (const [i, weight] of weights.entries())
    assert.ok(Math.abs((counts[i] as number) / rounds - weight / sum) < 0.01, `token ${i}: ${counts[i]} of ${rounds}`);
});

test('topP leaves out the tokens that are not needed for it', () => {
  const random = randomNumbers(1);
  const seen = new Set<number>();
  for (let i = 0; i < 2000; i += 1) seen.add(chooseToken(logits, { temperature: 1, topP: 0.9 }, random));
  // 66.5 % and 24.5 % are 91 %.
  assert.deepEqual([...seen].sort(), [1, 2]);
  assert.equal(
    chooseToken(logits, { temperature: 1, topP: 0.01 }, () => 0.999),
    1,
  );
});

test('one seed gives one sequence, and two seeds give two', () => {
  const first = (seed: number) => Array.from({ length: 4 }, randomNumbers(seed));
  assert.deepEqual(first(5), first(5));
  assert.notDeepEqual(first(5), first(6));
  assert.ok(first(-3).every((value) => value >= 0 && value < 1));
});
