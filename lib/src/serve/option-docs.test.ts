import { test } from 'node:test';
import { assertDocs } from '../core/option-docs.test-support.js';
import { GRPC_OPTIONS } from './grpc-options.js';
import { NODE_OPTIONS } from './node-options.js';
import { START_OPTIONS } from './start-options.js';

test('the docs of each option of a cluster say when to set it, and its default', () => {
  assertDocs({ START_OPTIONS, GRPC_OPTIONS, NODE_OPTIONS });
});
