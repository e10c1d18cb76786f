import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runInNewContext, Script } from 'node:vm';
import { docsPage } from './index.js';

const SCRIPT = /<script>([\s\S]*)<\/script>/;

test('the page loads nothing but the document in the same folder', () => {
  const { html, headers } = docsPage({ title: 'Chat' });
  assert.doesNotMatch(html, /(?:https?:)?\/\/[\w-]+\.\w/);
  assert.doesNotMatch(html, /<(?:link|img|iframe|script src)/);
  assert.match(html, /data-document="openapi\.json"/);
  assert.match(headers['content-security-policy'] ?? '', /default-src 'none'.*connect-src 'self'/);
});

test('the title and the address are escaped in the page', () => {
  const { html } = docsPage({ title: '</title><script>alert(1)</script>"', document: '"><script>1</script>' });
  assert.equal(html.match(/<script>/g)?.length, 1);
  assert.doesNotMatch(html, /alert\(1\)<\/script>/);
});

test('the script can be parsed, and does not end its own element', () => {
  const [, script] = SCRIPT.exec(docsPage({ title: 'Chat' }).html) ?? [];
  assert.ok(script !== undefined && script.length > 1000);
  assert.doesNotMatch(script, /<\/script|innerHTML|outerHTML|document\.write|insertAdjacentHTML/);
  new Script(script);
});

/** As much of an element of a page as the script uses. */
class FakeElement {
  readonly attributes = new Map<string, string>();
  readonly #clicks: (() => unknown)[] = [];
  children: unknown[] = [];
  value = '';
  files: readonly File[] = [];
  textContent = '';

  constructor(readonly name: string) {}

  append(...children: unknown[]): void {
    this.children.push(...children);
  }
  replaceChildren(...children: unknown[]): void {
    this.children = children;
  }
  setAttribute(key: string, value: string): void {
    this.attributes.set(key, value);
  }
  removeAttribute(key: string): void {
    this.attributes.delete(key);
  }
  addEventListener(_event: string, listener: () => unknown): void {
    this.#clicks.push(listener);
  }
  async click(): Promise<void> {
    for (const listener of this.#clicks) await listener();
  }
  /** The elements in it of this name, or of this label. */
  all(wanted: string): FakeElement[] {
    const inner = this.children.filter((one) => one instanceof FakeElement).flatMap((one) => one.all(wanted));
    return this.name === wanted || this.attributes.get('aria-label') === wanted ? [this, ...inner] : inner;
  }
}

/** Shows a document, lets the test fill its fields in, and returns what the button sends. */
async function sent(content: object, fill: (main: FakeElement) => void, parameters: readonly object[] = []) {
  const [, script = ''] = SCRIPT.exec(docsPage({ title: 'Chat' }).html) ?? [];
  const main = new FakeElement('main');
  const document = {
    querySelector: (name: string) => (name === 'main' ? main : new FakeElement(name)),
    createElement: (name: string) => new FakeElement(name),
    body: { dataset: { document: 'openapi.json' } },
  };
  const requests: InstanceType<typeof Request>[] = [];
  const fetchFake = async (url: string, options?: RequestInit) => {
    const paths = { '/read': { post: { requestBody: { content }, parameters } } };
    if (url === 'openapi.json') return Response.json({ info: {}, paths });
    requests.push(new Request(url, options));
    return new Response('ok');
  };
  const location = { href: 'http://localhost/app/docs' };
  runInNewContext(script, { document, fetch: fetchFake, location, URL, URLSearchParams, FormData });
  for (let i = 0; main.all('button').length === 0; i += 1) {
    assert.ok(i < 1000);
    await new Promise((resolve) => setImmediate(resolve));
  }
  fill(main);
  await main.all('button')[0]?.click();
  const [request] = requests;
  assert.ok(request !== undefined);
  assert.match(request.url, /^http:\/\/localhost\/app\/read(\?|$)/);
  return request;
}

const field = (main: FakeElement, name: string): FakeElement => main.all(name)[0] ?? assert.fail(`no field ${name}`);
const FILE = new File(['abc'], 'a.txt');

test('the button sends a form with files, and the type has the boundary of its parts', async () => {
  const binary = { type: 'string', format: 'binary' };
  const properties = {
    file: binary,
    more: { type: 'array', items: binary },
    lines: { type: 'number' },
    tags: { type: 'array', items: { type: 'string' } },
    points: { type: 'array', items: { type: 'object' } },
    empty: { type: 'string' },
  };
  const request = await sent({ 'multipart/form-data': { schema: { type: 'object', properties } } }, (main) => {
    field(main, 'file').files = [FILE];
    field(main, 'more').files = [FILE, FILE];
    field(main, 'lines').value = '2';
    field(main, 'tags').value = '["a", "b"]';
    field(main, 'points').value = '[{"x":1}]';
    assert.equal(field(main, 'file').attributes.get('type'), 'file');
  });
  assert.match(request.headers.get('content-type') ?? '', /^multipart\/form-data; boundary=/);
  const form = await request.formData();
  assert.equal(await (form.get('file') as File).text(), 'abc');
  assert.equal(form.getAll('more').length, 2);
  assert.deepEqual([form.get('lines'), form.getAll('tags'), form.getAll('points')], ['2', ['a', 'b'], ['{"x":1}']]);
  assert.equal(form.has('empty'), false);
});

test('the button sends bytes from a file, and JSON as it is written', async () => {
  const bytes = await sent({ 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } }, (main) => {
    field(main, 'request body').files = [FILE];
  });
  assert.equal(bytes.headers.get('content-type'), 'application/octet-stream');
  assert.equal(await bytes.text(), 'abc');
  const json = await sent({ 'application/json': { schema: { type: 'object' } } }, (main) => {
    field(main, 'request body').value = '{"a":1}';
  });
  assert.equal(json.headers.get('content-type'), 'application/json');
  assert.deepEqual(await json.json(), { a: 1 });
});

test('the button sends each item of a list as a query parameter of its own', async () => {
  const list = { type: 'array', items: { type: 'string' } };
  const parameters = [
    { name: 'tag', in: 'query', schema: list },
    { name: 'one', in: 'query', schema: list },
    { name: 'maybe', in: 'query', schema: { anyOf: [{ type: 'null' }, list] } },
    { name: 'text', in: 'query', schema: { type: 'string' } },
    { name: 'none', in: 'query' },
  ];
  const fill = (main: FakeElement): void => {
    for (const [name, value] of [
      ['tag', '["a", "b", 3]'],
      ['one', 'a, b'],
      ['maybe', '["x","y"]'],
      ['text', '["a"]'],
    ] as const)
      field(main, name).value = value;
  };
  const { searchParams } = new URL((await sent({}, fill, parameters)).url);
  const all = ['tag', 'one', 'maybe', 'text', 'none'].map((name) => searchParams.getAll(name));
  assert.deepEqual(all, [['a', 'b', '3'], ['a, b'], ['x', 'y'], ['["a"]'], []]);
});
