import { setTimeout as delay } from 'node:timers/promises';
import type { TLSSocket } from 'node:tls';
import { splitHostPort, tlsModule } from '../../ipc/index.js';
import { pinOf, selfSigned } from '../certificates/index.js';
import { NotAdmitted, OtherCluster } from '../errors.js';
import type { JoinArguments } from '../machines.js';
import type { Admission } from './gate.js';

const RETRY_MS = 250;
const TRY_MS = 5000;
/** The answer contains the plan of gRPC, with all proto files. */
const MAX_CHARACTERS = 16 * 1024 * 1024;

/**
 * Asks the head to admit this node, again and again, until it does. The private key never leaves this process, and nothing is sent before the head has shown
 * that it is the one with the pin.
 * @param announce is told the fingerprint that the head must be told
 * @throws NBS_NOT_ADMITTED, NBS_OTHER_CLUSTER
 */
export async function requestAdmission(
  { head, pin, waitSeconds = 600 }: JoinArguments,
  announce: (fingerprint: string) => void,
): Promise<{ readonly admission: Admission; readonly key: string }> {
  const { key, cert, fingerprint } = selfSigned();
  announce(fingerprint);
  const deadline = Date.now() + waitSeconds * 1000;
  for (;;) {
    const line = await ask(splitHostPort(head), { key, cert }, pin).catch((error: Error) => {
      if (error instanceof ForeignHead) throw OtherCluster({ address: head, pin });
      return '';
    });
    if (line !== '') return { admission: JSON.parse(line) as Admission, key };
    if (Date.now() > deadline) throw NotAdmitted({ address: head, seconds: waitSeconds, fingerprint });
    await delay(RETRY_MS);
  }
}

class ForeignHead extends Error {}

/** The line that the head answers; `''` if it disconnects. */
function ask(
  head: { readonly host: string; readonly port: number },
  own: { readonly key: string; readonly cert: string },
  pin: string,
): Promise<string> {
  return new Promise((resolve, reject) => {
    // The head's certificate is checked below, by the pin of its authority.
    const socket = tlsModule().connect({ ...head, ...own, rejectUnauthorized: false, minVersion: 'TLSv1.3' });
    let text = '';
    socket.setTimeout(TRY_MS, () => socket.destroy());
    socket.on('secureConnect', () => {
      if (!isHead(socket, pin)) socket.destroy(new ForeignHead());
    });
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      if (socket.destroyed || text.length > MAX_CHARACTERS) return void socket.destroy();
      text += chunk;
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(text.endsWith('\n') ? text : ''));
  });
}

/** The handshake has shown that the peer has the key of its certificate. Here: that the authority with this pin has signed the certificate. */
function isHead(socket: TLSSocket, pin: string): boolean {
  const certificate = socket.getPeerX509Certificate();
  const authority = certificate?.issuerCertificate;
  if (certificate === undefined || authority === undefined) return false;
  return pinOf(authority.raw) === pin && certificate.checkIssued(authority) && certificate.verify(authority.publicKey);
}
