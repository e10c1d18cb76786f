import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Script } from 'node:vm';
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
