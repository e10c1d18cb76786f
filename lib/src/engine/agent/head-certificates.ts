import type { TlsIdentity } from '../../ipc/index.js';
import { Authority, pinOf, readOwnCertificates, watchOwnCertificates } from '../certificates/index.js';
import type { MachineOptions } from '../engine.js';

/** Who signs the certificates of nodes, for the gate of the head. */
export interface Certifier {
  /** SHA-256 of the authority's certificate. */
  readonly pin: string;
  /** The authority, in PEM, if nodes get their certificates from the head. */
  readonly certificate: string;
  /** The name of a node in its certificate; `''` if certificates name hosts. */
  nameOf(node: string): string;
  /** A certificate for a node's key; `''` if the node has one of the user. */
  certify(node: string, publicKey: string): string;
}

export interface HeadCertificates {
  readonly certifier: Certifier;
  readonly identity: TlsIdentity;
  /** Calls the listener with each certificate that replaces the one before. */
  onRenewed(listener: (identity: TlsIdentity) => void): void;
}

/** The cluster's own certificates last for a month. */
const RENEW_EVERY_MS = 86_400_000;

/** The certificates of the head: made now, or the user's. @throws NBS_BAD_MACHINE_CERTIFICATE */
export async function headCertificates(
  head: string,
  token: string,
  { host, tls, renewEveryMs = RENEW_EVERY_MS }: MachineOptions,
): Promise<HeadCertificates> {
  if (tls === undefined) {
    const authority = new Authority(token);
    return {
      certifier: authority,
      identity: authority.identity(head),
      onRenewed: (listener) => void setInterval(() => listener(authority.identity(head)), renewEveryMs).unref(),
    };
  }
  const identity = await readOwnCertificates(tls, host);
  let current = identity;
  return {
    certifier: {
      // The user may replace the authority too.
      get pin() {
        return pinOf(current.ca);
      },
      certificate: '',
      nameOf: () => '',
      certify: () => '',
    },
    identity,
    onRenewed: (listener) => {
      const renew = (fresh: TlsIdentity): void => {
        current = fresh;
        listener(fresh);
      };
      watchOwnCertificates(tls, host, renew, (error) => console.error(error.message));
    },
  };
}
