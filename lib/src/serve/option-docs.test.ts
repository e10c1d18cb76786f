import { test } from 'node:test';
import { assertDocs } from '../core/option-docs.test-support.js';
import { GRPC_OPTIONS } from './grpc-options.js';
import { NODE_OPTIONS } from './node-options.js';
import { RUN_OPTIONS } from './run-options.js';
import { START_OPTIONS } from './start-options.js';

test('the docs of each option of serve.run and of a cluster say when to set it, and its default', () => {
  assertDocs({ RUN_OPTIONS, START_OPTIONS, GRPC_OPTIONS, NODE_OPTIONS });
});
