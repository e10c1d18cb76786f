import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { XPublisher } from 'zeromq';
import { Encoder, Signer } from '../wire/index.js';
import { Iopub } from './iopub.js';

it('answers come after the output before them and in their order, while a client reads nothing', async () => {
  const seen: string[] = [];
  const socket = {
    closed: false,
    noDrop: true,
    isFull: true,
    receive: () => new Promise<never>(() => {}),
    send: async (frames: readonly unknown[]): Promise<void> => {
      if (socket.isFull) throw Object.assign(new Error('full'), { code: 'EAGAIN' });
      seen.push(String(frames.at(-1)));
    },
    close: () => {},
  };
  const encoder = new Encoder(new Signer({ key: '', hash: 'sha256' }), 'session');
  const iopub = new Iopub(socket as unknown as XPublisher, encoder);
  iopub.stream({ name: 'stdout', text: 'printed', parent: '' });
  iopub.afterOutput(() => seen.push('first answer'));
  iopub.status('idle', '');
  iopub.afterOutput(() => seen.push('second answer'));
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.deepEqual(seen, []);
  socket.isFull = false;
  await iopub.close();
  assert.deepEqual(seen, ['{"name":"stdout","text":"printed"}', 'first answer', '{"execution_state":"idle"}', 'second answer']);
});
