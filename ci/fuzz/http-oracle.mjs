// Node's server in a thread of its own: it takes one connection each time around its loop, which is long where all the clients are.
import { parentPort } from 'node:worker_threads';
import { Oracle } from '../../lib/dist-test/fixtures/http-oracle.js';

const oracle = await Oracle.start();
parentPort?.postMessage(oracle.url);
