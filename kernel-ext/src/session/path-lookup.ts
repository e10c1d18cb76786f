import { existsSync, statSync } from 'node:fs';
import { Module } from 'node:module';
import { join } from 'node:path';

/** Finds a file for a request in folders such as `/notebook/node_modules`. Private, but packages have replaced it for ten years. */
type FindPath = (request: string, folders: readonly string[] | null, isMain: boolean) => string | false;

const loader = Module as unknown as { _findPath: FindPath; readonly _extensions: Readonly<Record<string, unknown>> };

let isAsked = false;

/**
 * Node 20 remembers of each `package.json` that it was not there, so a package that was imported before it was installed could not be used until the
 * process ended. From now on, Node looks for a package only in folders that have it.
 */
export function lookForInstalledPackages(): void {
  if (isAsked) return;
  isAsked = true;
  const find = loader._findPath;
  loader._findPath = (request, folders, isMain) => {
    const name = PACKAGE.exec(request)?.[0];
    return find(request, name === undefined || !folders ? folders : folders.filter((one) => mayHave(one, name, request)), isMain);
  };
}

/** Matches the package's name in a request that is no path. */
const PACKAGE = /^(?:@[^/]+\/)?[^./@][^/]*/;

const mayHave = (folder: string, name: string, request: string): boolean =>
  existsSync(join(folder, name)) || Object.keys(loader._extensions).some((ending) => existsSync(join(folder, request + ending)));

/**
 * Call this right before modules are looked up. Node may take the result of the last `fs.statSync` for one of its own. If that was a pipe or a socket,
 * Node loads the module again under its path with links.
 */
export function forgetLastStat(): void {
  statSync('/');
}
