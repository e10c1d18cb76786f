import { dirname, parse, relative, resolve } from 'node:path';
import { type ApplicationConfig, formatConfig } from '../config/index.js';
import { loadConfig } from '../deploy/index.js';
import { BadUsage, type Command, parseCommand } from './command.js';
import { codeOf } from './deploy-command.js';
import { kernelCommand } from './kernel-command.js';
import { checkOutput, writeOutput } from './output-file.js';

const USAGE = 'nbserve build <file>:<export>…|<notebook.ipynb> [--output <config.yaml>] [--force]';

export const buildCommand: Command = {
  name: 'build',
  summary: 'make a configuration from an application, or a module and a configuration from a notebook',
  help: `${USAGE}

  <file>:<export>    modules with their applications; the configuration lists their deployments
  <notebook.ipynb>   a notebook that runs applications; the module contains what they need, and nothing else of the notebook
  --output           the configuration to write (default: for modules, it is printed; for notebook.ipynb, notebook.yaml); the module of a
                     notebook is written beside it, as notebook.app.ts
  --force            replace files that exist

nbserve deploy and nbserve run take the configuration.
A notebook is not executed. Of a name that several cells declare, an application gets the last declaration above the cell that ran it.
What is left out is listed: shell lines, magics, and code that no application needs.`,
  async run(args) {
    const options = { output: { type: 'string' }, force: { type: 'boolean' } } as const;
    const { values, positionals } = parseCommand(USAGE, args, options, [1, Number.POSITIVE_INFINITY]);
    if (positionals.some((target) => target.endsWith('.ipynb'))) {
      if (positionals.length > 1) throw BadUsage({ problem: 'one notebook at a time', usage: USAGE });
      return (await kernelCommand('build')).run(args);
    }
    return buildModules(positionals, values.output, values.force === true);
  },
};

async function buildModules(targets: readonly string[], output: string | undefined, force: boolean): Promise<number> {
  const modules = targets.map((target) => {
    const colon = target.lastIndexOf(':');
    if (colon <= 0)
      throw BadUsage({ problem: `${target} names no export; write <file>:<export>, e.g. app.ts:app`, usage: USAGE });
    return { file: resolve(target.slice(0, colon)), exported: target.slice(colon + 1) };
  });
  const names = modules.length > 1 ? namesOf(modules) : ['default'];
  const entries = modules.map(({ file, exported }, i): ApplicationConfig => {
    const name = names[i] as string;
    return { name, routePrefix: modules.length > 1 ? `/${name}` : '/', importPath: `${file}:${exported}` };
  });
  // Before code of the modules runs.
  if (output !== undefined) await checkOutput(output, force);
  const loaded = await loadConfig({ cluster: {}, applications: entries });
  if (loaded.failed.length > 0) return codeOf(loaded);
  const folder = output === undefined ? process.cwd() : dirname(resolve(output));
  const applications = loaded.prepared.map(({ spec }): ApplicationConfig => {
    const { name, routePrefix, importPath } = spec.declared as ApplicationConfig;
    const deployments = spec.deployments.map(({ name: deployment, config }) => ({
      name: deployment,
      ...(config.autoscaling === undefined ? { numReplicas: config.numReplicas } : {}),
    }));
    const own = deployments.filter((one) => !one.name.endsWith('.policy'));
    return { name, routePrefix, importPath: relative(folder, importPath), deployments: own };
  });
  const text = await formatConfig(applications);
  if (output === undefined) process.stdout.write(text);
  else {
    await writeOutput(output, text);
    console.log(`wrote ${output}`);
  }
  return 0;
}

/** A name for each application, which no other one has: that of its export, or that of its file if several exports have the same name. */
function namesOf(modules: readonly { readonly file: string; readonly exported: string }[]): readonly string[] {
  const taken = new Set<string>();
  return modules.map(({ file, exported }) => {
    const isShared = modules.filter((other) => other.exported === exported).length > 1;
    const name = asAppName(isShared ? parse(file).name : exported);
    let free = name;
    for (let n = 1; taken.has(free); n += 1) free = `${name}_${n}`;
    taken.add(free);
    return free;
  });
}

/** The export may be called `$app`, and the file anything. */
const asAppName = (name: string): string => name.replace(/[^\p{L}\p{N}_.-]/gu, '-').replace(/^[_.-]+/, '') || 'app';
