import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dashboardOf } from './dashboard-options.js';
import { parseNumber, parsePort, resourcesOf } from './options.js';
import { serveCommand } from './serve-command.js';

const refused = (problem: string) => ({ code: 'NBS_BAD_USAGE', message: `${problem}\nusage: how` });

test('a number is read whole, and what is none is named with its option', () => {
  assert.deepEqual(
    ['2', '0.5', '-1', ' 3 '].map((text) => parseNumber('how', '--gpus', text)),
    [2, 0.5, -1, 3],
  );
  for (const text of ['two', '2x', 'NaN', 'Infinity'])
    assert.throws(() => parseNumber('how', '--gpus', text), refused(`--gpus takes a number, not ${text}`));
  assert.throws(() => parseNumber('how', '--gpus', ''), refused('--gpus takes a number, not an empty text'));
});

test('an empty text is no port, and no number of a resource', () => {
  assert.deepEqual([parsePort('how', undefined), parsePort('how', 'auto'), parsePort('how', '0')], ['auto', 'auto', 0]);
  for (const text of ['', '70000', '1.5', 'x'])
    assert.throws(() => parsePort('how', text), {
      code: 'NBS_BAD_USAGE',
      message: /^--port takes a number from 0 to 65535 or auto, not/,
    });
  assert.throws(() => dashboardOf('how', { 'dashboard-port': '' }), {
    code: 'NBS_BAD_USAGE',
    message: /^--dashboard-port takes a number from 0 to 65535 or auto or none, not an empty text/,
  });
  assert.equal(dashboardOf('how', { 'dashboard-port': 'none' }), null);
  assert.deepEqual(resourcesOf('how', { 'num-gpus': '' }), { numGpus: '' });
});

test('nbserve serve names the option whose value is no number', async () => {
  for (const option of ['replicas', 'max-batch-size', 'gpus', 'threads', 'num-gpus'])
    await assert.rejects(serveCommand.run(['model.onnx', `--${option}`, 'two']), {
      code: 'NBS_BAD_USAGE',
      message: new RegExp(`^--${option} takes a number, not two\\n`),
    });
});
