import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configOfLoad, readLoadConfig } from './load-config.js';

test('the configuration of a load comes by HTTP and by gRPC', () => {
  assert.equal(configOfLoad(undefined), undefined);
  assert.equal(configOfLoad({}), undefined);
  assert.equal(configOfLoad({ config: '{}' }), '{}');
  assert.equal(configOfLoad({ config: { stringParam: '{}', parameterChoice: 'stringParam' } }), '{}');
  const config = readLoadConfig(
    '{"name":"m","max_batch_size":4,"instance_group":[{"count":2}],"parameters":{"intra_op_thread_count":{"string_value":"3"}}}',
    'm',
  );
  assert.deepEqual([config.maxBatchSize, config.instances, config.intraOpThreads], [4, 2, 3]);
});

test('other parameters, and a configuration that cannot be used, are refused', () => {
  for (const wrong of [
    [],
    'config',
    { 'file:1/model.onnx': 'AAAA' },
    { config: 1 },
    { config: { int64Param: '1' } },
    { config: ' '.repeat(40_000) },
  ])
    assert.throws(() => configOfLoad(wrong), { code: 'NBS_OIP_BAD_REQUEST' });
  for (const wrong of [
    '',
    '[]',
    '{"name":"other"}',
    '{"max_batch_size":-1}',
    '{"backend":"python"}',
    '{"ensemble_scheduling":{}}',
  ])
    assert.throws(() => readLoadConfig(wrong, 'm'), { code: 'NBS_OIP_CONFIG' }, wrong);
});
