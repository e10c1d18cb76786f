/** What every engine promises, by the local one. `ray.test.ts` tries the same with a real Ray. */
import { after, describe } from 'node:test';
import { contract } from '../fixtures/engine-contract.js';
import { assertNothingLeft } from '../fixtures/engine-harness.js';
import { local } from '../fixtures/engines.js';

after(assertNothingLeft);

describe('the engine local', () => contract(local));
