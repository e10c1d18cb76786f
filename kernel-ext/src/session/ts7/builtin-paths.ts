import { readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join } from 'node:path';
import { nodeTypesFile } from '../../versions/index.js';

/**
 * Says for each module of Node, such as `fs`, that its types are in the file that declares it. Without this, TypeScript looks for a package of that name
 * before it finds the declaration, which takes several hundred file lookups when its server starts.
 */
export function builtinPaths(): Record<string, string[]> {
  const folder = dirname(nodeTypesFile());
  const listed = readFileSync(join(folder, 'index.d.ts'), 'utf8');
  const paths: Record<string, string[]> = {};
  for (const name of builtinModules) if (listed.includes(`path="${name}.d.ts"`)) paths[name] = [join(folder, `${name}.d.ts`)];
  return paths;
}
