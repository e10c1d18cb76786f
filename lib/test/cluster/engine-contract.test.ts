import { after, describe } from 'node:test';
import { contract } from '../fixtures/engine-contract.js';
import { assertNothingLeft } from '../fixtures/engine-harness.js';
import { local } from '../fixtures/engines.js';

after(assertNothingLeft);

// The engine of a cluster on Ray keeps the same contract in `ray.test.ts`, which has a Ray.
describe('the engine local', () => contract(local));
