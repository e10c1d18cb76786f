import { createRequire } from 'node:module';

const own = createRequire(import.meta.url);

/** Newer than those of the oldest Node that is supported; `lib/docs/adr/0038-types-of-node.md` says why they have such names. */
const NEWER = [24, 22];

/** The package with the types of a major version of Node, or of the newest before it that there are types of. */
export function nodeTypesPackage(nodeMajor: number): string {
  const major = NEWER.find((one) => nodeMajor >= one);
  return major === undefined ? '@types/node' : `@types-node-${major}/node`;
}

/** Path of the `package.json` of the types of the Node that runs. */
export function nodeTypesFile(): string {
  return own.resolve(`${nodeTypesPackage(Number.parseInt(process.versions.node, 10))}/package.json`);
}
