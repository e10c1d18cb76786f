// Runs Node's server in a thread of its own: it accepts one connection in each turn of its event loop, and a turn is long in the thread of the clients.
import { parentPort } from 'node:worker_threads';
import { Oracle } from '../../lib/dist-test/fixtures/http-oracle.js';

const oracle = await Oracle.start();
parentPort?.postMessage(oracle.url);
