import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { TestNotebook } from './session-harness.js';

const isTslab = process.env.NBSERVE_TYPES === 'tslab';

const CLASSIFIER = `const Classifier = serve.deployment(class Classifier {
  /** Gives the labels of a text. */
  @serve.post('/classify')
  async classify(body: { /** @minLength 2 */ text: string; top?: number }): Promise<Label[]> {
    return [{ name: body.text, score: body.top ?? 1 }];
  }
  @serve.delete('/items/:id')
  async remove({ id }: { id: number }) { return { removed: id, twice: double(id) }; }
});
const classifier = await serve.run(Classifier.bind(), { name: 'classifier', routePrefix: '/labels' });`;

/** Typed methods of a class in a cell. */
describe('routes in cells', () => {
  const notebook = new TestNotebook();
  after(() => notebook.close());

  it('says which checker cannot tell types', { skip: !isTslab }, async () => {
    await notebook.value('interface Label { name: string; score: number }\nfunction double(n: number) { return n * 2 }');
    assert.match(await notebook.failure(CLASSIFIER), /NBS_NO_DECORATOR_METADATA|NBS_NO_TYPES/);
  });

  it('answers by the types of the class and of earlier cells', { skip: isTslab }, async () => {
    await notebook.value('interface Label { name: string; score: number }\nfunction double(n: number) { return n * 2 }');
    await notebook.value(CLASSIFIER);
    await notebook.value(
      `const post = async (body: unknown) => { const r = await fetch(classifier.url + '/classify', { method: 'POST', body: JSON.stringify(body) }); return r.status + ' ' + await r.text() };`,
    );
    assert.equal(await notebook.value("await post({ text: 'abc', top: 2 })"), `'200 [{"name":"abc","score":2}]'`);
    const refused = await notebook.value("await post({ text: 'a', top: '2' })");
    assert.match(refused, /^.422 /);
    assert.match(refused, /body\.text: expected a text of at least 2 characters/);
    assert.match(refused, /body\.top: expected a number/);
    assert.equal(
      await notebook.value("await (await fetch(classifier.url + '/items/4', { method: 'DELETE' })).json()"),
      '{ removed: 4, twice: 8 }',
    );
  });

  it('has the name of the class, though decorators are compiled', { skip: isTslab }, async () => {
    assert.equal(await notebook.value('Classifier'), 'Deployment(name=Classifier, version=none)');
    assert.equal(
      await notebook.value("(await (await fetch(classifier.url + '/openapi.json')).json()).info.title"),
      "'Classifier'",
    );
  });

  it('describes the types of now in the document', { skip: isTslab }, async () => {
    const document = "(await (await fetch(classifier.url + '/openapi.json')).json())";
    assert.equal(await notebook.value(`Object.keys(${document}.components.schemas.Label.properties).join()`), "'name,score'");
    await notebook.value('interface Label { name: string; score: number; rank?: number }');
    await notebook.value("await serve.run(Classifier.bind(), { name: 'classifier', routePrefix: '/labels' }); 1");
    assert.equal(
      await notebook.value(`Object.keys(${document}.components.schemas.Label.properties).join()`),
      "'name,score,rank'",
    );
  });

  it('serves a named class of an earlier cell, and one that extends another', { skip: isTslab }, async () => {
    await notebook.value(
      "class Base<T extends object> { @serve.put('/items/:id') async put(item: T, { id }: { id: string }) { return { id, item }; } }",
    );
    await notebook.value('class Points extends Base<{ x: number; y: number }> {}');
    await notebook.value(
      "const points = await serve.run(serve.deployment(Points).bind(), { name: 'points', routePrefix: '/points' })",
    );
    const put = (body: string) =>
      notebook.value(
        `await fetch(points.url + '/items/a', { method: 'PUT', body: '${body}' }).then(async (r) => r.status + ' ' + await r.text())`,
      );
    assert.equal(await put('{"x":1,"y":2}'), `'200 {"id":"a","item":{"x":1,"y":2}}'`);
    assert.match(await put('{"x":1}'), /422.*body\.y: expected a number, got nothing/);
  });

  it('refuses a type without a schema, with its place', { skip: isTslab }, async () => {
    const failure = await notebook.failure(
      "const Odd = serve.deployment(class Odd { @serve.post('/') go(body: { seen: Map<string, number> }) { return 1 } });\nawait serve.run(Odd.bind(), { name: 'odd', routePrefix: '/odd' })",
    );
    assert.match(failure, /NBS_NO_SCHEMA|Odd\.go, body\.seen: Map<string, number> has no JSON form; write Record<string, …>/);
    assert.match(failure, /body\.seen/);
  });
});
