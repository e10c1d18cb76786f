// Sends requests to infer to a model that returns its inputs. Valid ones must come back as they were; what is wrong must get a 4xx in the protocol's form, nothing
// may be answered with a 5xx, and no process may end.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request as send } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { serve } from '../../lib/dist/index.js';
import { encodeModel, serve as serveModel } from '../../lib/dist/onnx/public/index.js';

import { INPUTS, makeInference } from './inference-cases.mjs';

export const count = 10_000;
export const quickCount = 300;

const AT_ONCE = 16;
const MAX_FAILURES = 20;

export async function fuzz({ count: wanted, seed }) {
  const folder = mkdtempSync(join(tmpdir(), 'nbs-fuzz-'));
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  await serve.start({ port: 0 });
  try {
    const file = join(folder, 'echo.onnx');
    writeFileSync(file, echoModel());
    const [{ url }] = await serveModel(file);
    const before = await processIds();
    const failures = [];
    let done = 0;
    const work = async () => {
      while (done < wanted && failures.length < MAX_FAILURES) {
        const own = seed + done;
        done += 1;
        const { kind, expected, ...request } = makeInference(own);
        const answer = await ask(agent, new URL(url), request);
        const fault = faultOf(expected, answer);
        if (fault !== null)
          failures.push({
            seed: own,
            text: `${kind}: ${fault}\n→ ${answer.status} ${answer.text.slice(0, 600)}`,
          });
      }
    };
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, wanted) }, work));
    const after = await processIds();
    if (before !== after)
      failures.push({
        seed,
        text: `a process was replaced: ${before} → ${after}`,
      });
    return { done, failures };
  } finally {
    agent.destroy();
    await serve.shutdown();
    rmSync(folder, { recursive: true });
  }
}

/** A model that returns each of its inputs. */
function echoModel() {
  const info = (/** @type {string} */ prefix) =>
    INPUTS.map(({ name, type }) => ({
      name: prefix + name,
      type,
      shape: ['batch', `${name}_columns`],
    }));
  return encodeModel({
    name: 'echo',
    inputs: /** @type {any} */ (info('')),
    outputs: /** @type {any} */ (info('out_')),
    nodes: INPUTS.map(({ name }) => ({
      op: 'Identity',
      inputs: [name],
      outputs: [`out_${name}`],
    })),
    weights: {},
  });
}

/** The replicas and their processes, as text. */
async function processIds() {
  const { applications } = await serve.status();
  const all = Object.values(applications).flatMap(({ deployments }) => Object.values(deployments));
  return all.flatMap(({ replicas }) => replicas.map(({ id, pid }) => `${id} ${pid}`)).join();
}

/** @returns {Promise<{ status: number, text: string }>} */
function ask(agent, { hostname, port }, { method, path, headers, body }) {
  return new Promise((resolve) => {
    const sent = send(
      {
        agent,
        hostname,
        port,
        method,
        path,
        headers: { ...headers, 'content-length': body.length },
      },
      (response) => {
        const chunks = [];
        response.on('data', (chunk) => chunks.push(chunk));
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            text: Buffer.concat(chunks).toString(),
          }),
        );
      },
    );
    sent.on('error', (error) => resolve({ status: 0, text: String(error) }));
    sent.end(body);
  });
}

/** What is wrong with an answer; null if nothing is. */
function faultOf(expected, { status, text }) {
  if (status === 0) return 'no answer';
  if (status >= 500) return `status ${status}`;
  if (status >= 400) {
    if (typeof expected === 'object') return 'a valid request was refused';
    return /^\{"error":"[^"]/.test(text) && /"code":"NBS_[A-Z_0-9]+"\}$/.test(text)
      ? null
      : 'the answer is not in the form of the protocol';
  }
  if (expected === 'refused') return `status ${status}`;
  if (expected === 'unsure') return null;
  const outputs = Object.fromEntries(JSON.parse(text).outputs.map(({ name, data }) => [name, data]));
  const wrong = Object.keys(expected).find((name) => !isDeepStrictEqual(outputs[name], expected[name]));
  if (wrong === undefined) return null;
  return `other values came back in ${wrong}: ${JSON.stringify(outputs[wrong])} for ${JSON.stringify(expected[wrong])}`;
}
