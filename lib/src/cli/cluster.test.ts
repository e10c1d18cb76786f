import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClusterInfo } from '../host/index.js';
import { age, onlyOne } from './cluster.js';

const info = (more: Partial<ClusterInfo>): ClusterInfo => ({
  id: 'a',
  dir: '/run/nbs-0/a',
  name: '/home/ada/digits.ipynb',
  url: 'http://127.0.0.1:8000',
  port: 8000,
  grpc: '',
  ray: '',
  detached: false,
  ownerKey: null,
  pid: 1,
  startedAt: Date.now(),
  ...more,
});

test('an age has the unit that people would use', () => {
  const seconds = [0, 59, 60, 3599, 3600, 86_399, 86_400, 90_000];
  const texts = ['0 s', '59 s', '1 min', '59 min', '1 h 0 min', '23 h 59 min', '1 d 0 h', '1 d 1 h'];
  assert.deepEqual(
    seconds.map((count) => age(count * 1000)),
    texts,
  );
  assert.equal(age(-5), '0 s', 'a clock that was set back');
});

test('the choices can be pasted into a shell, each with its name and age', () => {
  const several = [
    info({}),
    info({ dir: "/tmp/ada's files/b", name: 'nbserve start', url: '', startedAt: Date.now() - 7_200_000 }),
  ];
  assert.throws(() => onlyOne(several), {
    code: 'NBS_SEVERAL_CLUSTERS',
    message:
      /\n {2}--address \/run\/nbs-0\/a {3}# \/home\/ada\/digits\.ipynb, for 0 s, http:\/\/127\.0\.0\.1:8000\n {2}--address '\/tmp\/ada'\\''s files\/b' {3}# nbserve start, for 2 h 0 min, no HTTP$/,
  });
  assert.equal(onlyOne([info({})]).dir, '/run/nbs-0/a');
  assert.throws(() => onlyOne([]), { code: 'NBS_NO_CLUSTER' });
});
