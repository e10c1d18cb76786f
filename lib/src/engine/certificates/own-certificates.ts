import { readFileSync, unwatchFile, watchFile } from 'node:fs';
import { duplexPair } from 'node:stream';
import { connect, TLSSocket } from 'node:tls';
import type { CertificateFiles, TlsIdentity } from '../../ipc/index.js';
import { BadMachineCertificate } from './errors.js';

const LOOK_EVERY_MS = 2000;
const ERROR_WAIT_MS = 200;

/**
 * Reads the files, and tries them in a connection of this process to itself: it needs the same of a certificate as a connection between machines.
 * @param host the address of this machine
 * @throws NBS_BAD_MACHINE_CERTIFICATE
 */
export async function readOwnCertificates(files: CertificateFiles, host: string): Promise<TlsIdentity> {
  const { cert, key, ca, serverName } = files;
  try {
    const read = { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8'), ca: readFileSync(ca, 'utf8') };
    const identity = { ...read, byHost: true, ...(serverName === undefined ? {} : { serverName }) };
    await tryIdentity(identity, host);
    return identity;
  } catch (error) {
    throw BadMachineCertificate({ cert, key, ca, reason: reasonOf(error as NodeJS.ErrnoException) }, error);
  }
}

/** Calls the listener with what the files contain whenever they change. While they do not fit together, what was read last is kept. */
export function watchOwnCertificates(
  files: CertificateFiles,
  host: string,
  onChange: (identity: TlsIdentity) => void,
  onProblem: (error: Error) => void,
): () => void {
  const paths = [files.cert, files.key, files.ca];
  const read = (): void => void readOwnCertificates(files, host).then(onChange, onProblem);
  // Files that Kubernetes replaces are links, so the content is looked at, not the folder.
  for (const path of paths) watchFile(path, { interval: LOOK_EVERY_MS, persistent: false }, read);
  return () => {
    for (const path of paths) unwatchFile(path, read);
  };
}

function tryIdentity({ ca, cert, key, serverName }: TlsIdentity, host: string): Promise<void> {
  const [near, far] = duplexPair();
  return new Promise((resolve, reject) => {
    const server = new TLSSocket(
      far as never,
      {
        ...{ isServer: true, requestCert: true, rejectUnauthorized: true, ca, cert, key },
        minVersion: 'TLSv1.3',
      } as object,
    );
    const client = connect({
      socket: near,
      host,
      ca,
      cert,
      key,
      minVersion: 'TLSv1.3',
      ...(serverName && { servername: serverName }),
    });
    const end = (settle: () => void): void => {
      client.destroy();
      server.destroy();
      settle();
    };
    const fail = (error: Error): void => end(() => reject(error));
    client.on('error', fail);
    // If the client refuses the certificate, it says why; the server only sees that it has gone.
    server.on('error', (error) => setTimeout(fail, ERROR_WAIT_MS, error));
    // The client is done before the server has looked at its certificate.
    server.on('secure', () => {
      const { ssl } = server as unknown as { ssl: { verifyError(): Error | null } };
      const error = ssl.verifyError();
      if (error !== null) fail(error);
      else if (client.authorized) end(resolve);
      else client.on('secureConnect', () => end(resolve));
    });
  });
}

function reasonOf({ code = '', message }: NodeJS.ErrnoException): string {
  return REASONS[code] ?? message;
}

const REASONS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'it has expired; put a new one into the same file',
  CERT_NOT_YET_VALID: 'it is not valid yet; compare the clock of this machine',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the authority has not signed it, or its chain is not in the file',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'the authority has not signed it, or its chain is not in the file',
  SELF_SIGNED_CERT_IN_CHAIN: 'the authority has not signed it',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'it has signed itself, and the file of the authority contains another one',
  CERT_SIGNATURE_FAILURE: 'another authority of the same name has signed it',
  INVALID_PURPOSE: 'it must be for servers and for clients (extendedKeyUsage serverAuth and clientAuth)',
  ERR_OSSL_X509_KEY_VALUES_MISMATCH: 'the key belongs to another certificate',
};
