import assert from 'node:assert/strict';
import http from 'node:http';
import { after, test } from 'node:test';
import { serve } from 'nbserve';
import { hello } from '../fixtures/apps.js';

after(() => serve.shutdown());

const statusOf = (url: string, headers: Record<string, string>): Promise<number> =>
  new Promise((resolve, reject) => {
    http
      .get(url, { headers }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      })
      .on('error', reject);
  });

test('hosts and origins that were named are served, others are not', async () => {
  await serve.start({ port: 0, allowedHosts: ['models.example.org'], allowedOrigins: ['https://example.org'] });
  const { url } = await hello.deploy();
  assert.equal(await statusOf(url, { host: 'models.example.org' }), 200);
  assert.equal(await statusOf(url, { host: 'evil.example.org' }), 403);
  assert.equal(await statusOf(url, { origin: 'https://example.org' }), 200);
  assert.equal(await statusOf(url, { origin: 'https://evil.example.org' }), 403);
});
