import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  enterBatch,
  enterRequest,
  getMultiplexedModelId,
  type RequestContext,
  requestContext,
  wantRequestContexts,
} from './index.js';

/** Enters a request and returns its context. */
function contextOf(origin: Parameters<typeof enterRequest>[1], modelId = ''): RequestContext {
  const context = enterRequest(modelId, origin, 'a/d', () => {});
  assert.ok(context);
  return context;
}

test('a request that names no model has a context only if something wants one', () => {
  assert.equal(
    enterRequest('', { budgetMs: 5 }, 'a/d', () => assert.equal(requestContext(), null)),
    null,
  );
  const named = enterRequest('m', null, 'a/d', () => assert.equal(getMultiplexedModelId(), 'm'));
  assert.equal(named?.expiresAt, Number.POSITIVE_INFINITY);
  wantRequestContexts();
  const context = enterRequest('', { budgetMs: 5 }, 'a/d', () => assert.notEqual(requestContext(), null));
  assert.equal(context?.deadlineOf, 'the requestTimeout of a/d');
});

test('a batch has the latest deadline of its requests, and none if one of them has none', () => {
  const early = contextOf({ budgetMs: 100, budgetOf: 'early' });
  const late = contextOf({ budgetMs: 10_000, budgetOf: 'late' });
  const both = enterBatch('', [early, late, early], () => {});
  assert.deepEqual([both?.expiresAt, both?.deadlineOf], [late.expiresAt, 'late']);
  assert.equal(enterBatch('', [early, contextOf({})], () => {})?.expiresAt, Number.POSITIVE_INFINITY);
  assert.equal(enterBatch('', [early, null], () => {})?.expiresAt, Number.POSITIVE_INFINITY);
});

test('a batch is a batch one if all its requests are, and cancelled once they all are', () => {
  const batch = contextOf({ priority: 'batch' });
  const other = contextOf({});
  assert.equal(enterBatch('', [batch, batch], () => {})?.priority, 'batch');
  const mixed = enterBatch('', [batch, other], () => {});
  assert.equal(mixed?.priority, undefined);
  const told: string[] = [];
  mixed?.follow({ onRequestCancelled: (reason) => told.push(reason) });
  batch.cancel('one left');
  batch.cancel('and again');
  assert.equal(told.length, 0);
  other.cancel('the other left');
  assert.deepEqual(told, ['the other left']);
});

test('a request that is longer than its batches does not know those that have ended', () => {
  const request = contextOf({});
  const other = contextOf({});
  const told: string[] = [];
  for (const name of ['ended', 'running']) {
    const batch = enterBatch('', [request, other, request], () => {});
    batch?.follow({ onRequestCancelled: () => told.push(name) });
    if (name === 'ended') batch?.end();
  }
  request.cancel('left');
  other.cancel('left');
  assert.deepEqual(told, ['running']);
});

test('what is held is let go of at the end, also what comes after it', () => {
  const context = contextOf({});
  const gone: string[] = [];
  const early = (): unknown => gone.push('early');
  context.hold(early);
  context.unhold(early);
  context.hold(() => gone.push('first'));
  assert.equal(gone.length, 0);
  context.end();
  context.hold(() => gone.push('late'));
  assert.deepEqual(gone, ['first', 'late']);
});
