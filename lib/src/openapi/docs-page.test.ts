import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Script } from 'node:vm';
import { docsPage } from './index.js';

const SCRIPT = /<script>([\s\S]*)<\/script>/;

test('the page loads nothing from anywhere but the document beside it', () => {
  const { html, headers } = docsPage({ title: 'Chat' });
  assert.doesNotMatch(html, /(?:https?:)?\/\/[\w-]+\.\w/);
  assert.doesNotMatch(html, /<(?:link|img|iframe|script src)/);
  assert.match(html, /data-document="openapi\.json"/);
  assert.match(headers['content-security-policy'] ?? '', /default-src 'none'.*connect-src 'self'/);
});

test('what the page is told becomes text in it', () => {
  const { html } = docsPage({ title: '</title><script>alert(1)</script>"', document: '"><script>1</script>' });
  assert.equal(html.match(/<script>/g)?.length, 1);
  assert.doesNotMatch(html, /alert\(1\)<\/script>/);
});

test('its script is a script, and does not end the element that it stands in', () => {
  const [, script] = SCRIPT.exec(docsPage({ title: 'Chat' }).html) ?? [];
  assert.ok(script !== undefined && script.length > 1000);
  assert.doesNotMatch(script, /<\/script|innerHTML|outerHTML|document\.write|insertAdjacentHTML/);
  new Script(script);
});
