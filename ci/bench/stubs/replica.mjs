// A replica that follows the protocol and runs no user code, because 200 real ones would need 6 GiB.
import { enterChild } from '../../../lib/dist/engine/index.js';
import { handleOps, helloOf, listen } from '../../../lib/dist/ipc/index.js';

const READY = { methods: ['fetch'], http: true };
const { args, token, ready } = enterChild();
let init;

const ops = handleOps({
  initialize(given) {
    init = given;
    return READY;
  },
  status: () => (init === undefined ? { state: 'EMPTY', ongoing: 0 } : { ...init, state: 'RUNNING', ongoing: 0, ready: READY }),
  checkHealth: () => undefined,
  reconfigure: () => undefined,
  drain: () => ({ unfinished: 0 }),
});

await listen(
  { path: args.socketPath },
  {
    token,
    hello: helloOf('replica', args.replicaId),
    onChannel: (channel) => {
      channel.onCall = ops;
    },
  },
);
ready();
