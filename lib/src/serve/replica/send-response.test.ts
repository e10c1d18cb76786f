import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { IncomingCall } from '../../ipc/index.js';
import { sendResponse } from './send-response.js';
import { installResponse, textOf } from './web-response.js';

installResponse();

/** What a client gets for this Response, which user code made. */
async function sent(method: string, response: Response) {
  let headers: readonly string[] = [];
  let bytes = 0;
  const call = {
    done: false,
    onCancel: null,
    respond(head: { headers: readonly string[] }, body?: Uint8Array) {
      ({ headers } = head);
      bytes += body?.length ?? 0;
    },
    write(body: Uint8Array) {
      bytes += body.length;
      return true;
    },
    end() {},
  } as unknown as IncomingCall;
  await sendResponse({ call, method, deployment: 'app/d', queue: 0 }, response);
  return { headers, bytes };
}

test('HEAD gets the length that GET gets, also if the Response has another one or none', async () => {
  const bodies = [() => new Uint8Array(5), () => new Blob(['hello']), () => 'hello', () => new URLSearchParams('a=bcd')];
  for (const body of bodies) {
    for (const init of [{}, { headers: { 'content-length': '7' } }]) {
      const get = await sent('GET', new Response(body(), init));
      const head = await sent('HEAD', new Response(body(), init));
      assert.deepEqual(head.headers, get.headers);
      assert.deepEqual([get.headers.at(-2), get.headers.at(-1)], ['content-length', '5']);
      assert.deepEqual([get.bytes, head.bytes], [5, 0]);
    }
  }
});

test('HEAD does not wait for a body, and stops it', async () => {
  let stopped: unknown;
  const slow = () =>
    new ReadableStream({
      cancel(reason) {
        stopped = reason;
      },
    });
  assert.deepEqual((await sent('HEAD', new Response(slow()))).headers, []);
  assert.match(String(stopped), /HEAD/);
  const declared = await sent('HEAD', new Response(slow(), { headers: { 'content-length': '7' } }));
  assert.deepEqual(declared.headers, ['content-length', '7']);
});

test('Response.json takes the status of another Response, and refuses what is no object, as the standard says', async () => {
  const upstream = new Response('gone', { status: 404, statusText: 'Nobody', headers: { 'x-from': 'upstream' } });
  const answer = Response.json({ error: 'gone' }, upstream);
  const { status, statusText, headers } = answer;
  assert.deepEqual([status, statusText, headers.get('x-from')], [404, 'Nobody', 'upstream']);
  assert.equal(textOf(answer), '{"error":"gone"}');
  class Init {
    get status() {
      return 201;
    }
  }
  assert.equal(Response.json(1, new Init()).status, 201);
  assert.deepEqual([Response.json(1).status, Response.json(1).headers.get('content-type')], [200, 'application/json']);
  assert.throws(() => Response.json(1, 404 as unknown as ResponseInit), TypeError);
  assert.throws(() => Response.json(1, new Response(null, { status: 204 })), TypeError);
});
