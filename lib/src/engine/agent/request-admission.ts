import { setTimeout as delay } from 'node:timers/promises';
import type { TLSSocket } from 'node:tls';
import { ADMISSION_PROTOCOL, ConnectFailed, splitHostPort, type TlsIdentity, tlsModule } from '../../ipc/index.js';
import { pinOf, readOwnCertificates, selfSigned } from '../certificates/index.js';
import { ForeignHead, NotAdmitted, OtherAuthority, OtherCluster } from '../errors.js';
import type { JoinArguments } from '../machines.js';
import type { Admission } from './gate.js';

const RETRY_MS = 250;
const TRY_MS = 5000;
/** The answer contains the plan of gRPC, with all proto files. */
const MAX_CHARACTERS = 16 * 1024 * 1024;

/** A node that is admitted, with its certificate. The private key never leaves its machine. */
export interface AdmittedSelf {
  readonly admission: Admission;
  readonly identity: TlsIdentity;
}

/**
 * Asks the head to admit this node, again and again, until it does. Nothing is sent before the head has shown that it is the one with the pin.
 * @param announce is called with the fingerprint that must be given to the head
 * @throws NBS_NOT_ADMITTED, NBS_CONNECT_FAILED if the head cannot be reached, NBS_OTHER_CLUSTER, NBS_OTHER_AUTHORITY, NBS_FOREIGN_CERTIFICATE,
 * NBS_BAD_MACHINE_CERTIFICATE
 */
export async function requestAdmission(
  { head, pin, host, tls, waitSeconds = 600 }: JoinArguments,
  announce: (fingerprint: string) => void,
): Promise<AdmittedSelf> {
  const users = tls && (await readOwnCertificates(tls, host));
  if (tls !== undefined && users !== undefined && pinOf(users.ca) !== pin) throw OtherAuthority({ ca: tls.ca, pin });
  const made = users === undefined ? selfSigned() : undefined;
  const fingerprint = made?.fingerprint ?? pinOf((users as TlsIdentity).cert);
  announce(fingerprint);
  const deadline = Date.now() + waitSeconds * 1000;
  let isSaid = false;
  for (;;) {
    let unreachable: Unreachable | undefined;
    const line = await ask(splitHostPort(head), users ?? { ca: '', ...(made as { key: string; cert: string }) }, pin).catch(
      (error: Error) => {
        if (error instanceof WrongPin) throw OtherCluster({ address: head, pin });
        if (users !== undefined && isForeign(error)) throw ForeignHead({ address: head, reason: error.message }, error);
        if (error instanceof Unreachable) unreachable = error;
        return '';
      },
    );
    if (unreachable !== undefined && !isSaid) {
      isSaid = true;
      console.error(`cannot connect to ${head}: ${unreachable.message}; it is tried again for ${waitSeconds} s`);
    }
    if (line !== '') {
      const admission = JSON.parse(line) as Admission;
      const { ca, cert } = admission;
      return { admission, identity: users ?? { ca, cert, key: (made as { key: string }).key } };
    }
    if (Date.now() > deadline && unreachable !== undefined)
      throw ConnectFailed({ address: head, reason: unreachable.message }, unreachable);
    if (Date.now() > deadline) throw NotAdmitted({ address: head, seconds: waitSeconds });
    await delay(RETRY_MS);
  }
}

class WrongPin extends Error {}
/** There was no handshake, so nothing is known of the head. */
class Unreachable extends Error {}

/** Whether OpenSSL or Node has refused the certificate of the head. Other errors are of the network, and may pass. */
function isForeign({ code = '' }: NodeJS.ErrnoException): boolean {
  return /^(?:CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|INVALID_|ERR_TLS_CERT)/.test(code);
}

/** The line that the head answers; `''` if it disconnects. */
function ask(
  head: { readonly host: string; readonly port: number },
  { ca, cert, key, byHost = false, serverName }: TlsIdentity,
  pin: string,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = tlsModule().connect({
      ...head,
      ...{ cert, key, minVersion: 'TLSv1.3', ALPNProtocols: [ADMISSION_PROTOCOL] },
      // If the cluster makes the certificates, that of the head is checked below, by the pin of its authority.
      ...(byHost ? { ca, ...(serverName && { servername: serverName }) } : { rejectUnauthorized: false }),
    });
    let text = '';
    let isOpen = false;
    socket.setTimeout(TRY_MS, () => socket.destroy(isOpen ? undefined : new Error(`no answer within ${TRY_MS} ms`)));
    socket.on('secureConnect', () => {
      isOpen = true;
      if (!byHost && !isHead(socket, pin)) socket.destroy(new WrongPin());
    });
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      if (socket.destroyed || text.length > MAX_CHARACTERS) return void socket.destroy();
      text += chunk;
    });
    socket.on('error', (error) => reject(isOpen || isForeign(error) ? error : new Unreachable(error.message, { cause: error })));
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
