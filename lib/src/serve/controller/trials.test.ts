import assert from 'node:assert/strict';
import { test } from 'node:test';
import { app, deployment } from './sample-apps.test-support.js';
import type { AppVersion } from './target/index.js';
import { Trials } from './trials.js';

const version = (generation: number): AppVersion => ({
  generation,
  spec: app('chat', [deployment('Chat', 'a')]),
  acceptedAt: 0,
  offers: {},
});
const [one, two, three] = [version(1), version(2), version(3)];

test('the version to go back to is neither one that is still tried nor one that was refused', () => {
  const trials = new Trials();
  trials.begin('chat', 2, one);
  assert.equal(trials.goBackTo('chat', 2), one);
  trials.begin('chat', 3, two);
  assert.equal(trials.goBackTo('chat', 3), one);
  trials.end('chat', 2, false);
  assert.equal(trials.goBackTo('chat', 3), one);
  trials.begin('chat', 4, three);
  trials.end('chat', 3, true);
  assert.equal(trials.goBackTo('chat', 4), three);
  assert.equal(trials.goBackTo('other', 4), null);
});

test('nothing is kept when no version is tried any more', () => {
  const trials = new Trials();
  trials.begin('chat', 1, null);
  assert.equal(trials.goBackTo('chat', 1), null);
  trials.end('chat', 1, true);
  trials.begin('chat', 2, one);
  trials.end('chat', 2, false);
  trials.begin('chat', 3, two);
  assert.equal(trials.goBackTo('chat', 3), two);
});

test('a version that the application itself has accepted is one to go back to, unless others that belong to it refuse theirs', () => {
  const trials = new Trials();
  trials.begin('chat', 2, one);
  trials.applied('chat', 2);
  trials.begin('chat', 3, two);
  assert.equal(trials.goBackTo('chat', 3), two);
  assert.equal(trials.goBackTo('chat', 2), one);
  trials.end('chat', 2, false);
  assert.equal(trials.goBackTo('chat', 3), one);
});

test('the prefix of a version to go back to is taken until its trial has ended', () => {
  const trials = new Trials();
  trials.begin('chat', 2, one);
  assert.equal(trials.ownerOf('/chat', new Set(['other'])), 'chat');
  assert.equal(trials.ownerOf('/chat', new Set(['chat'])), null);
  assert.equal(trials.ownerOf('/v2', new Set()), null);
  trials.end('chat', 2, true);
  assert.equal(trials.ownerOf('/chat', new Set()), null);
});
