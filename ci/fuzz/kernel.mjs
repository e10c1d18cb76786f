// A real kernel gets forged, changed, truncated, replayed and random messages on each channel. Nothing that was not signed may run, nothing may run twice, the
// kernel must live, its memory must not grow, and the cells between must have the right results. npm run fuzz -- --only kernel --seed 1 --count 10000
import { readFileSync } from 'node:fs';
import { Draw } from './draw.mjs';

export const count = 10_000;
export const quickCount = 600;

const CHANNELS = /** @type {const} */ (['shell', 'control', 'stdin']);
const TYPES = [
  'execute_request',
  'shutdown_request',
  'interrupt_request',
  'comm_open',
  'debug_request',
  'input_reply',
  'no_such_request',
];
/** After so many messages comes a cell. */
const CHECK_EACH = 200;
/** Frames whose bytes are numbers or texts: some lengths are at the edges of what the kernel reads at once. */
const LENGTHS = [0, 1, 31, 32, 63, 64, 65, 255, 4096, 1_000_000];
/** How much the kernel's memory may grow after the first tenth of the messages. Refused messages are garbage, which V8 collects later. */
const MAX_GROWTH_BYTES = 256 * 2 ** 20;

/** What a message does that runs although it is not signed. */
const WITNESS = 'globalThis.forged = (globalThis.forged ?? 0) + 1;';
/** What a signed cell does, which must run once. */
const SIGNED = 'globalThis.signed = (globalThis.signed ?? 0) + 1;';

const residentBytes = (pid) => Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;

/**
 * The fuzzer for `npm run fuzz`. A run is one case, whose messages share a kernel.
 * @param {{ seed: number, count: number }} options
 * @returns {Promise<{ done: number, failures: { seed: number, text: string }[] }>}
 */
export async function fuzz({ seed, count: wanted }) {
  // Compiled by `npm run build`.
  const { KernelClient } = await import('../../kernel-ext/dist-test/fixtures/client.js');
  const kernel = await KernelClient.start();
  try {
    await attack(kernel, new Draw(seed), wanted);
    return { done: wanted, failures: [] };
  } catch (error) {
    return { done: wanted, failures: [{ seed, text: `${error.stack}\nwith --count ${wanted}` }] };
  } finally {
    await kernel.kill();
  }
}

/** @throws Error that says what was wrong */
async function attack(kernel, draw, wanted) {
  /** Signed messages that were sent, to send them again. */
  const recorded = [];
  let signed = 0;
  let before = 0;
  for (let sent = 0; sent < wanted; sent += 1) {
    if (sent % CHECK_EACH === 0) {
      const frames = kernel.encode('execute_request', { code: SIGNED, silent: true });
      recorded.push(frames);
      signed += 1;
      await kernel.sendRaw(frames);
      const said = await resultOf(kernel, `[globalThis.signed, globalThis.forged ?? 0, ${sent} + 1].join()`);
      const right = `'${signed},0,${sent + 1}'`;
      if (said !== right) throw new Error(`after ${sent} messages, a cell gave ${said}, not ${right}: [signed, forged, sum]`);
      if (sent <= wanted / 10) before = residentBytes(kernel.child.pid);
    }
    await kernel.sendRaw(messageOf(kernel, draw, recorded), draw.pick(CHANNELS));
  }
  const beats = await kernel.request('kernel_info_request', {}, 'control');
  if (beats.status !== 'ok') throw new Error(`kernel_info_request was answered with ${JSON.stringify(beats)}`);
  const last = await resultOf(kernel, '[globalThis.signed, globalThis.forged ?? 0].join()');
  if (last !== `'${signed},0'`) throw new Error(`at the end, a cell gave ${last}, not '${signed},0': [signed, forged]`);
  const grown = residentBytes(kernel.child.pid) - before;
  if (grown > MAX_GROWTH_BYTES) throw new Error(`the kernel's memory grew by ${Math.round(grown / 2 ** 20)} MiB`);
  if (!/message refused/.test(kernel.stderr)) throw new Error('the kernel says of no message that it was refused');
  const leaked = JSON.stringify(kernel.iopub).match(/refused|wrong signature/);
  if (leaked !== null) throw new Error(`a client was told about refused messages: ${leaked[0]}`);
}

async function resultOf(kernel, code) {
  const { reply, messages } = await kernel.execute(code);
  if (reply.status !== 'ok') throw new Error(`a cell ended with ${JSON.stringify(reply)}`);
  return messages.find(({ type }) => type === 'execute_result')?.content.data['text/plain'];
}

/** The frames of a message that must not run. */
function messageOf(kernel, draw, recorded) {
  const valid = () =>
    kernel.encode(draw.pick(TYPES), { code: WITNESS, silent: false, restart: false, comm_id: 'c', target_name: 't' });
  const kind = draw.pick(['forged', 'changed', 'moved', 'truncated', 'cut', 'replayed', 'random', 'random']);
  const frames = kind === 'random' || kind === 'replayed' ? [] : valid().map((frame) => Buffer.from(frame));
  switch (kind) {
    case 'forged':
      frames[1] = Buffer.from(
        draw.pick([draw.word(), '', '0'.repeat(64), Buffer.from(draw.bytes(32), 'latin1').toString('hex')]),
      );
      return frames;
    case 'changed': {
      // The frames from the header on are signed.
      const at = draw.between(2, frames.length - 1);
      const frame = frames[at];
      const byte = draw.between(0, frame.length - 1);
      frame[byte] ^= draw.between(1, 255);
      return frames;
    }
    case 'moved': {
      const at = draw.between(2, frames.length - 2);
      const bytes = draw.between(1, frames[at].length);
      const whole = Buffer.concat([frames[at], frames[at + 1]]);
      const edge = frames[at].length - bytes;
      frames[at] = whole.subarray(0, edge);
      frames[at + 1] = whole.subarray(edge);
      return frames;
    }
    case 'truncated':
      return frames.slice(0, draw.between(1, frames.length - 1));
    case 'cut': {
      const at = draw.between(2, frames.length - 1);
      frames[at] = frames[at].subarray(0, draw.between(0, frames[at].length - 1));
      return frames;
    }
    case 'replayed':
      return draw.pick(recorded);
    default: {
      const parts = Array.from({ length: draw.between(1, 8) }, () => {
        const part = Buffer.from(draw.bytes(Math.min(draw.pick(LENGTHS), 4096)), 'latin1');
        return part.length === 4096 && draw.between(0, 20) === 0 ? Buffer.concat(Array(256).fill(part)) : part;
      });
      if (draw.between(0, 1) === 1) parts.unshift(Buffer.from('<IDS|MSG>'));
      return parts;
    }
  }
}
