import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { npmPackage } from '../../npm-package.mjs';

const VERSION = '4.3.2';

/** transformers.js, from the npm registry. @throws if it cannot be had */
export async function transformers() {
  const name = '@huggingface/transformers';
  const file = `${name}/package.json`;
  const found = npmPackage({ name: `transformers-${VERSION}`, spec: `${name}@${VERSION}`, file });
  if (!('path' in found)) throw new Error(`the npm registry cannot be reached: ${found.unreachable}`);
  return import(pathToFileURL(join(dirname(found.path), 'dist', 'transformers.node.mjs')).href);
}
