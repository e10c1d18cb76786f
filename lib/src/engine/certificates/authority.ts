import {
  createHash,
  createHmac,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  X509Certificate,
} from 'node:crypto';
import type { TlsIdentity } from '../../ipc/index.js';
import { makeCertificate } from './certificate.js';

const DAY_MS = 86_400_000;
/** The clocks of machines differ. */
const SKEW_MS = DAY_MS;
const AUTHORITY_DAYS = 3650;
const NODE_DAYS = 30;

/** The authority of one cluster. Its key is only in the memory of the head's agent, and a cluster ends with that. */
export class Authority {
  readonly certificate: string;
  /** It is shown to strangers, so it does not say whose authority it is. */
  readonly #name = randomBytes(16).toString('hex');
  readonly #key: KeyObject;
  readonly #token: string;

  constructor(token: string) {
    const { privateKey, publicKey } = newKeys();
    this.#key = privateKey;
    this.#token = token;
    this.certificate = this.#sign(this.#name, publicKey, AUTHORITY_DAYS, true);
  }

  /** The SHA-256 of its certificate. Who joins knows the cluster by it; it is not secret. */
  get pin(): string {
    return pinOf(this.certificate);
  }

  /** The name of a node in its certificate. A stranger who is shown it learns nothing. */
  nameOf(node: string): string {
    return createHmac('sha256', this.#token).update(`node ${node}`).digest('hex').slice(0, 32);
  }

  /** A certificate for a node whose private key stays there. @param publicKey PEM */
  certify(node: string, publicKey: string): string {
    return this.#sign(this.nameOf(node), createPublicKey(publicKey), NODE_DAYS, false);
  }

  /** A key and its certificate, for this machine. */
  identity(node: string): TlsIdentity {
    const { privateKey, publicKey } = newKeys();
    const cert = this.certify(node, exportPublic(publicKey));
    return { ca: this.certificate, cert, key: exportPrivate(privateKey) };
  }

  #sign(subject: string, publicKey: KeyObject, days: number, isAuthority: boolean): string {
    const now = Date.now();
    return makeCertificate({
      subject,
      issuer: this.#name,
      publicKey,
      signingKey: this.#key,
      notBefore: now - SKEW_MS,
      notAfter: now + days * DAY_MS,
      isAuthority,
    });
  }
}

/** A key with a certificate that it signs itself, for a node that is not in a cluster yet. */
export function selfSigned(): { readonly key: string; readonly cert: string; readonly fingerprint: string } {
  const { privateKey, publicKey } = newKeys();
  const now = Date.now();
  const cert = makeCertificate({
    subject: 'node',
    issuer: 'node',
    publicKey,
    signingKey: privateKey,
    notBefore: now - SKEW_MS,
    notAfter: now + NODE_DAYS * DAY_MS,
    isAuthority: false,
  });
  return { key: exportPrivate(privateKey), cert, fingerprint: pinOf(cert) };
}

/** SHA-256 of a certificate, in hex. @param certificate PEM or DER */
export function pinOf(certificate: string | Buffer): string {
  return createHash('sha256').update(new X509Certificate(certificate).raw).digest('hex');
}

const newKeys = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });
const exportPublic = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }).toString();
const exportPrivate = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();
