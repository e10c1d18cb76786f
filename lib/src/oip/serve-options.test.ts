import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseServeOptions } from './serve-options.js';
import type { ServeModelOptions } from './types.js';

test('options of the deployment that would hide the model, or say otherwise than another option, are refused', () => {
  const wrong: readonly (readonly [object, RegExp])[] = [
    [{ deployment: { name: 'digits' } }, /deployment\.name must be left out, because models are found .*, got "digits"/],
    [{ replicas: 2, deployment: { numReplicas: 3 } }, /deployment\.numReplicas must be left out if replicas is given, got 3/],
    [{ replicas: 2, deployment: { numReplicas: 'auto' } }, /deployment\.numReplicas must be left out/],
    [{ replicas: 2, deployment: { autoscaling: { maxReplicas: 3 } } }, /deployment\.autoscaling must be left out/],
    [{ gpus: 0, deployment: { resources: { gpu: 1 } } }, /deployment\.resources\.gpu must be left out if gpus is given/],
  ];
  for (const [options, message] of wrong)
    assert.throws(() => parseServeOptions(options as ServeModelOptions), { code: 'NBS_INVALID_OPTION', message });
  for (const options of [
    { replicas: 2, deployment: { name: undefined, resources: { cpu: 1, gpu: 1 } } },
    { gpus: 1, deployment: { numReplicas: 3, resources: { cpu: 1 } } },
    { deployment: { autoscaling: { maxReplicas: 3 } } },
  ] as unknown as readonly ServeModelOptions[])
    assert.deepEqual(parseServeOptions(options).deployment, options.deployment);
});
