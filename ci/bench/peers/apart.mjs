// Shows the smallest cost of a second process: the bare process's model runs in another process, and bytes with a length prefix are sent over a Unix socket.
// There is no flow control, no cancel, and no report on what was begun.
import { spawn } from 'node:child_process';
import { createConnection, createServer } from 'node:net';
import { classifier } from './classifier.mjs';

const LENGTH_BYTES = 4;

function frame(bytes) {
  const framed = Buffer.allocUnsafe(LENGTH_BYTES + bytes.length);
  framed.writeUInt32LE(bytes.length);
  framed.set(bytes, LENGTH_BYTES);
  return framed;
}

/** Calls `onBytes` with each complete message. */
function read(socket, onBytes) {
  let rest = Buffer.alloc(0);
  socket.on('data', (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    while (rest.length >= LENGTH_BYTES) {
      const end = LENGTH_BYTES + rest.readUInt32LE();
      if (rest.length < end) return;
      onBytes(rest.subarray(LENGTH_BYTES, end));
      rest = rest.subarray(end);
    }
  });
}

/** Starts the other process and returns the function that calls it. Answers come in the order of the calls. */
export async function startApart(model, path) {
  const child = spawn(process.execPath, [import.meta.filename, model, path], { stdio: ['pipe', 'pipe', 'inherit'] });
  await new Promise((resolve) => child.stdout.once('data', resolve));
  const socket = createConnection(path);
  const waiting = [];
  read(socket, (bytes) => waiting.shift()(bytes));
  return (bytes) =>
    new Promise((resolve) => {
      waiting.push(resolve);
      socket.write(frame(bytes));
    });
}

if (process.argv[1] === import.meta.filename) {
  const [model, path] = process.argv.slice(2);
  const classify = await classifier(model);
  const server = createServer((socket) => {
    /** @type {Promise<unknown>} */
    let turn = Promise.resolve();
    read(socket, (bytes) => {
      const { image } = JSON.parse(bytes.toString());
      turn = turn.then(async () => socket.write(frame(Buffer.from(JSON.stringify({ digit: await classify(image) })))));
    });
  });
  server.listen(path, () => console.log('listening'));
  // The process that started it has ended.
  process.stdin.on('end', () => process.exit(0)).resume();
}
