import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';

/** `git-sha1` is the id that git gives to a file: the sha1 of `blob`, the size, and the bytes. */
export type Digest = 'sha256' | 'sha512' | 'git-sha1';

/** What a server says that the digest of a file is, as hex digits. */
export interface GivenDigest {
  readonly algorithm: Digest;
  readonly hex: string;
}

/** The digest of a file, as hex digits. The file is read in pieces, because it can be larger than the memory. */
export async function digestOf(path: string, algorithm: Digest): Promise<string> {
  const hash = createHash(algorithm === 'git-sha1' ? 'sha1' : algorithm);
  if (algorithm === 'git-sha1') hash.update(`blob ${(await stat(path)).size}\0`);
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Uint8Array);
  return hash.digest('hex');
}
