import { existsSync } from 'node:fs';
import { npmPackage } from '../../npm-package.mjs';

const VERSION = '2.9.6';

/** Deno's executable, from the npm registry. @throws if there is none for this machine */
export function denoBinary() {
  const name = `@deno/${process.platform}-${process.arch}${process.platform === 'linux' ? '-glibc' : ''}`;
  const found = npmPackage({ name: `deno-${VERSION}`, spec: `${name}@${VERSION}`, file: `${name}/deno` });
  if (!('path' in found)) throw new Error(`the npm registry cannot be reached: ${found.unreachable}`);
  if (!existsSync(found.path)) throw new Error(`${name} holds no deno`);
  return found.path;
}
