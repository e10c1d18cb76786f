import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Subshells } from './subshells.js';

describe('subshells', () => {
  it('are made, listed and deleted', () => {
    const deleted: string[] = [];
    const subshells = new Subshells((id) => deleted.push(id));
    const ids = [1, 2].map(() => String(subshells.answer('create_subshell_request', {}).subshell_id));
    assert.deepEqual(subshells.answer('list_subshell_request', {}), { status: 'ok', subshell_id: ids });
    assert.ok(ids.every((id) => subshells.has(id)));
    assert.deepEqual(subshells.answer('delete_subshell_request', { subshell_id: ids[0] }), { status: 'ok' });
    assert.deepEqual(deleted, [ids[0]]);
    assert.equal(subshells.has(ids[0]), false);
    assert.deepEqual(subshells.answer('list_subshell_request', {}).subshell_id, [ids[1]]);
  });

  it('say what is wrong with a request', () => {
    const subshells = new Subshells(() => assert.fail('nothing is deleted'));
    const refusal = (content: object): unknown => subshells.answer('delete_subshell_request', { ...content }).evalue;
    assert.equal(refusal({ subshell_id: 'x' }), 'there is no subshell "x"; create_subshell_request makes one');
    assert.equal(refusal({}), 'a delete_subshell_request needs a string `subshell_id`');
    for (let i = 0; i < 1_000; i += 1) subshells.answer('create_subshell_request', {});
    assert.equal(subshells.answer('create_subshell_request', {}).ename, 'TooManySubshells');
  });

  it('stand beside the notebook itself, which has no id', () => {
    assert.ok(new Subshells(() => {}).has(undefined));
  });
});
