import type { OptionSpec } from '../core/index.js';
import type { TlsFiles } from '../grpc/index.js';

/** The option that names a certificate. @param protocol what is answered over TLS with it */
export const tlsFiles = (protocol: string): OptionSpec<TlsFiles | undefined> => ({
  doc: `Files of a certificate, with the chain behind it, and of its private key, both in PEM. If they are given, ${protocol} is answered over TLS only. Relative paths start from the working folder. Set it if requests cross a network that you do not trust.`,
  type: '{ readonly cert: string; readonly key: string }',
  expected: "the paths of two files: { cert: './server.crt', key: './server.key' }",
  default: undefined,
  defaultText: 'no TLS',
  parse: (value) => {
    const { cert, key, ...others } = Object(value) as Record<string, unknown>;
    const isGood = [cert, key].every((path) => typeof path === 'string' && path !== '') && Object.keys(others).length === 0;
    return isGood ? (value as TlsFiles) : undefined;
  },
});
