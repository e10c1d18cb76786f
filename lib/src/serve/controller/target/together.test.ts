import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AppSpec } from '../../protocol/index.js';
import { app, deployment } from '../sample-apps.test-support.js';
import { type AppVersion, accept, emptyTarget, promote, remove, type TargetState } from './target.js';
import { promoteTogether, revertTogether, togetherIn } from './together.js';
import { setTrafficRule } from './traffic-rule.js';

const NOW = 5;

function running(target: TargetState, spec: AppSpec): TargetState {
  const accepted = accept(target, spec, 1);
  return promote(accepted, spec.name, accepted.generation, {});
}

const split = (target: TargetState, weights: Readonly<Record<string, number>>): TargetState =>
  setTrafficRule(target, '/split', { weights, stickyBy: null, mirror: null });

/** A configuration that updates `kept` has become live, and has removed `old`. */
function promoted() {
  let target = emptyTarget;
  for (const name of ['kept', 'old', 'other', 'third'])
    target = running(target, { ...app(name, [deployment('D', name)]), declared: {} });
  target = split(target, { old: 1, other: 1, third: 2 });
  const together = { id: 'x', members: ['kept'], removes: ['old'] };
  const before = accept(target, { ...app('kept', [deployment('D', 'new')]), declared: {}, together }, 2);
  const { versions } = togetherIn(before)[0] ?? assert.fail();
  const after = promoteTogether(before, 'x', () => ({}), 3);
  assert.deepEqual([...after.apps.keys()], ['kept', 'other', 'third']);
  const back = () => before.apps.get('kept')?.live as AppVersion;
  const reverted = (now: TargetState, deleted: readonly string[] = []): TargetState =>
    revertTogether(now, { versions, before, after, deleted: new Set(deleted) }, back, 'too hot', NOW);
  return { before, after, reverted };
}
const weightsOf = (target: TargetState) => target.traffic.get('/split')?.arms.map(({ app: name, weight }) => [name, weight]);

describe('revertTogether', () => {
  it('restores versions, removed applications and their splits', () => {
    const { before, after, reverted } = promoted();
    const target = reverted(after);
    assert.deepEqual([...target.apps.keys()].sort(), ['kept', 'old', 'other', 'third']);
    assert.equal(target.apps.get('kept')?.live, before.apps.get('kept')?.live);
    assert.equal(target.apps.get('kept')?.failed?.message, 'too hot');
    assert.equal(target.apps.get('old'), before.apps.get('old'));
    assert.equal(target.traffic.get('/split'), before.traffic.get('/split'));
  });

  it('leaves what others have changed since', () => {
    const { after, reverted } = promoted();
    const reset = reverted(split(after, { other: 1, third: 3 }));
    assert.deepEqual(weightsOf(reset), [
      ['other', 0.25],
      ['third', 0.75],
    ]);
    const deleted = reverted(remove(after, 'other', NOW), ['other']);
    assert.deepEqual([...deleted.apps.keys()].sort(), ['kept', 'old', 'third']);
    assert.deepEqual(weightsOf(deleted), [['third', 1]]);
    const again = running(after, app('old', [deployment('D', 'again')]));
    assert.equal(reverted(again).apps.get('old'), again.apps.get('old'));
  });

  it('leaves deleted what users delete since, also if the configuration had removed it', () => {
    const { after, reverted } = promoted();
    const target = reverted(after, ['old']);
    assert.deepEqual([...target.apps.keys()].sort(), ['kept', 'other', 'third']);
    assert.deepEqual(weightsOf(target), [
      ['other', 1 / 3],
      ['third', 2 / 3],
    ]);
  });
});
