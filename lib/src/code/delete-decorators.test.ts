import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bracketDeleteDecorators } from './delete-decorators.js';

test('a decorator for delete gets brackets', () => {
  assert.equal(
    bracketDeleteDecorators("@serve.delete('/items/:id')\n  remove() {}"),
    "@(serve.delete('/items/:id'))\n  remove() {}",
  );
  assert.equal(bracketDeleteDecorators('@serve.delete( "/a" ) @serve.batch()'), '@(serve.delete( "/a" )) @serve.batch()');
  assert.equal(bracketDeleteDecorators('@app.delete(`/a`)'), '@(app.delete(`/a`))');
});

test('anything else stays as it is', () => {
  for (const source of [
    "@(serve.delete('/items/:id'))",
    "await serve.delete('name')",
    "map.delete('/a')",
    "@serve.get('/a')",
    '// mail me@host.delete(this)',
  ]) {
    assert.equal(bracketDeleteDecorators(source), source);
  }
});
