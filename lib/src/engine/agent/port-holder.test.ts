import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listeningSockets } from './port-holder.js';

const TCP6 = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000000000000:1F40 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 74612 1 0000000000000000 100 0 0 10 0
   1: 0000000000000000FFFF00000100007F:1F40 0000000000000000FFFF00000100007F:9C40 01 00000000:00000000 00:00000000 00000000  1000        0 74613 1 0000000000000000 20 4 30 10 -1
   2: 00000000000000000000000000000000:1F41 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 74614 1 0000000000000000 100 0 0 10 0
`;

test('finds the sockets that listen on a port, not those connected to it', () => {
  assert.deepEqual(listeningSockets(TCP6, 8000), [{ address: '0'.repeat(32), inode: '74612', uid: '1000' }]);
  assert.deepEqual(listeningSockets(TCP6, 80), []);
});
