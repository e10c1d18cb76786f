/** The agent of a node on another machine than the head. Its one argument is `JoinArguments` as JSON, which contains no secret. */
import { setTimeout as delay } from 'node:timers/promises';
import { isNbserveError } from '../../core/index.js';
import { removeFolder } from '../cluster-folder.js';
import { NotOfThisMachine } from '../errors.js';
import type { JoinArguments } from '../machines.js';
import { JoinedNode } from './joined-node.js';
import { openListeningSocket } from './listening-socket.js';
import { requestAdmission } from './request-admission.js';

const args = JSON.parse(process.argv[2] ?? '') as JoinArguments;
const LAST_OUTPUT_MS = 100;

try {
  // A node that cannot listen there would join, and then start nothing.
  const socket = await openListeningSocket(args.host, 0).catch((error: Error) => {
    throw NotOfThisMachine({ host: args.host, reason: error.message }, error);
  });
  socket.close();
  const self = await requestAdmission(args, (fingerprint) => {
    const admit = `nbserve node admit ${fingerprint} --name <name>`;
    console.log(`nbserve node ${fingerprint}\nit waits until it is admitted; on the head, run: ${admit}`);
  });
  const node = new JoinedNode(args, self);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void node.stop());
  process.on('SIGHUP', () => {});
  try {
    await node.run(() => console.log(`nbserve node ${self.admission.node} has joined ${args.head}`));
  } finally {
    removeFolder(node.dir);
  }
  process.exit(0);
} catch (error) {
  console.error(isNbserveError(error) ? `${error.code}: ${error.message}` : error);
  await delay(LAST_OUTPUT_MS);
  process.exit(1);
}
