import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

test('the page "From Ray Serve" has every name of Ray Serve', () => {
  const { version, ...groups } = JSON.parse(read('test/fixtures/ray-serve-names.json')) as Record<string, string[]>;
  // A name counts only in code.
  const named = new Set(
    [
      ...read('docs/from-ray-serve.md')
        .replace(/^```.*?^```/gms, '')
        .matchAll(/`([^`]+)`/g),
    ].flatMap(([, code = '']) => code.split(/[^\w-]+/)),
  );
  const missing = Object.entries(groups).flatMap(([group, names]) =>
    names.filter((name) => !named.has(name)).map((name) => `${group}: ${name}`),
  );
  assert.deepEqual(missing, [], `names of Ray Serve ${String(version)}`);
});
