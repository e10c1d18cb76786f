import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRunOptions } from './run-options.js';

test('the options of serve.run have defaults, and are checked', () => {
  assert.deepEqual(parseRunOptions({}), { name: 'default', routePrefix: '/', local: false });
  assert.deepEqual(parseRunOptions({ name: undefined, routePrefix: undefined, local: undefined } as never), parseRunOptions({}));
  assert.deepEqual(parseRunOptions({ name: 'chat', routePrefix: null, local: true }), {
    name: 'chat',
    routePrefix: null,
    local: {},
  });
  assert.deepEqual(parseRunOptions({ local: { port: 0 } }).local, { port: 0 });
  for (const local of [null, 8000, { port: '1' }, { port: 70_000 }])
    assert.throws(() => parseRunOptions({ local } as never), { code: 'NBS_INVALID_LOCAL' });
  assert.throws(() => parseRunOptions({ name: '/chat' }), { code: 'NBS_INVALID_APP_NAME' });
  assert.throws(() => parseRunOptions({ routePrefix: 'chat' }), { code: 'NBS_INVALID_ROUTE_PREFIX' });
});

test('an option that serve.run does not have is refused', () => {
  for (const options of [{ name: 'chat', route_prefix: '/chat' }, { app: 'x' }, { Name: 'x' }])
    assert.throws(() => parseRunOptions(options as never), { code: 'NBS_UNKNOWN_OPTION', message: /name, routePrefix, local$/ });
});
