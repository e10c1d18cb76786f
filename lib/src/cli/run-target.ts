import { resolve } from 'node:path';
import type { CheckedConfig } from '../config/index.js';
import { applyConfig, isConfigFile, loadApplication, noteFilesRead, readConfig, type Watched } from '../deploy/index.js';
import { type Client, expectApplication, runApplication } from '../host/index.js';
import type { StartOptions } from '../serve/index.js';
import { BadUsage } from './command.js';
import { codeOf } from './deploy-command.js';

/** What `nbserve run` runs: an application of a module, or the applications of a configuration. */
export interface RunTarget {
  /** The cluster that it asks for. */
  readonly cluster: StartOptions;
  /** HTTP is answered before the module is loaded: with NBS_APP_STARTING, until the returned function is called. */
  expect(starting: Promise<Client>): () => void;
  /** Runs or updates it, with the files as they are now. @throws what the module or the deploy throws */
  deploy(starting: Promise<Client>): Promise<RunResult>;
}

export interface RunResult extends Watched {
  /** One line for each application. */
  readonly lines: readonly string[];
}

interface Names {
  readonly name?: string | undefined;
  readonly 'route-prefix'?: string | undefined;
}

/** @throws NBS_BAD_USAGE, and the errors of a configuration */
export async function runTarget(usage: string, target: string, names: Names): Promise<RunTarget> {
  return isConfigFile(target) ? configTarget(usage, target, names) : moduleTarget(usage, target, names);
}

function moduleTarget(usage: string, target: string, { name, 'route-prefix': routePrefix }: Names): RunTarget {
  const colon = target.lastIndexOf(':');
  if (colon <= 0)
    throw BadUsage({
      problem: `${target} names no export; write <file>:<export>, e.g. app.ts:app, or the file of a configuration, e.g. serve.yaml`,
      usage,
    });
  const path = `${resolve(target.slice(0, colon))}${target.slice(colon)}`;
  return {
    cluster: {},
    expect: (starting) => expectApplication(starting, name ?? 'default', routePrefix ?? '/'),
    async deploy(starting) {
      const { application, files } = await loadApplication(path);
      const handle = await runApplication(starting, application, {
        ...(name === undefined ? {} : { name }),
        ...(routePrefix === undefined ? {} : { routePrefix }),
      }).catch((error: unknown) => {
        throw noteFilesRead(error, files);
      });
      const answersHttp = (await starting).cluster.url !== '';
      return { files, failed: false, lines: [`${handle.appName} runs${answersHttp ? ` at ${handle.url}` : ''}`] };
    },
  };
}

async function configTarget(usage: string, file: string, { name, 'route-prefix': routePrefix }: Names): Promise<RunTarget> {
  if (name !== undefined || routePrefix !== undefined)
    throw BadUsage({ problem: '--name and --route-prefix are for a module; a configuration has them in it', usage });
  let next: CheckedConfig | undefined = await readConfig(file);
  for (const note of next.notes) console.error(`note: ${note}`);
  return {
    cluster: next.cluster,
    expect: () => () => {},
    async deploy(starting) {
      const config = next ?? (await readConfig(file));
      next = undefined;
      const lines: string[] = [];
      const applied = await applyConfig(await starting, config, { onStep: (text) => lines.push(text) });
      return { files: [resolve(file), ...applied.files], failed: codeOf(applied) !== 0, lines };
    },
  };
}
