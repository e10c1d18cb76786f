import { test } from 'node:test';
import { assertDocs } from '../../../core/option-docs.test-support.js';
import { AUTOSCALING_OPTIONS } from './autoscaling.js';
import { DEPLOYMENT_OPTIONS } from './deployment.js';
import { HEDGING_OPTIONS } from './hedging.js';
import { RESOURCE_OPTIONS } from './resources.js';
import { ROLLING_UPDATE_OPTIONS } from './rolling-update.js';
import { RUNTIME_ENV_OPTIONS } from './runtime-env.js';

test('the docs of each option of a deployment say when to set it, and its default', () => {
  assertDocs({
    DEPLOYMENT_OPTIONS,
    AUTOSCALING_OPTIONS,
    HEDGING_OPTIONS,
    RESOURCE_OPTIONS,
    ROLLING_UPDATE_OPTIONS,
    RUNTIME_ENV_OPTIONS,
  });
});
