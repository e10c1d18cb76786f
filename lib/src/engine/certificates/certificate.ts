import { type KeyObject, randomBytes, sign } from 'node:crypto';
import { bits, boolean, integer, objectId, octets, sequence, set, tagged, text, time } from './der.js';

const ECDSA_SHA256 = sequence(objectId('1.2.840.10045.4.3.2'));
const COMMON_NAME = objectId('2.5.4.3');
const BASIC_CONSTRAINTS = objectId('2.5.29.19');
const KEY_USAGE = objectId('2.5.29.15');
const VERSION_3 = tagged(0, integer(Buffer.from([2])));
/** The number of bytes that RFC 5280 allows for a serial number is 20. */
const SERIAL_BYTES = 16;

export interface CertificateRequest {
  readonly subject: string;
  readonly issuer: string;
  readonly publicKey: KeyObject;
  /** The issuer's. */
  readonly signingKey: KeyObject;
  /** Milliseconds since the epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** True if it may sign others. */
  readonly isAuthority: boolean;
}

/** An X.509 certificate (RFC 5280) over P-256, in PEM. Node can read certificates, but not make them. */
export function makeCertificate(request: CertificateRequest): string {
  const { subject, issuer, publicKey, signingKey, notBefore, notAfter, isAuthority } = request;
  const body = sequence(
    VERSION_3,
    integer(randomBytes(SERIAL_BYTES)),
    ECDSA_SHA256,
    nameOf(issuer),
    sequence(time(notBefore), time(notAfter)),
    nameOf(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(3, sequence(...extensions(isAuthority))),
  );
  const der = sequence(body, ECDSA_SHA256, bits(sign('sha256', body, signingKey)));
  const lines = der.toString('base64').match(/.{1,64}/g) as string[];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

const nameOf = (name: string): Buffer => sequence(set(sequence(COMMON_NAME, text(name))));

function extensions(isAuthority: boolean): Buffer[] {
  const critical = boolean(true);
  // keyCertSign is bit 5, digitalSignature is bit 0.
  const usage = isAuthority ? bits(Buffer.from([0x04]), 2) : bits(Buffer.from([0x80]), 7);
  return [
    sequence(BASIC_CONSTRAINTS, critical, octets(isAuthority ? sequence(boolean(true)) : sequence())),
    sequence(KEY_USAGE, critical, octets(usage)),
  ];
}
