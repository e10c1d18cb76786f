import { InvalidOption, type OptionSpec, parseOptions } from '../core/index.js';
import type { DeclaredNode } from '../engine/index.js';
import { parseResources } from './options.js';
import type { NodeOptions, StartOptions } from './types.js';

/** Each has an address 127.0.0.n of its own, and processes. */
const MAX_NODES = 64;

const numGpus: OptionSpec<number | undefined> = {
  doc: 'GPUs that a node has.',
  expected: 'an integer of at least 0',
  default: undefined,
  parse: (value) => (Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : undefined),
};

const resources: OptionSpec<StartOptions['resources']> = {
  doc: 'What else a node has.',
  expected: 'an object such as { cpu: 8, custom: { accelerator: 1 } } of numbers of at least 0, without gpu',
  default: undefined,
  parse: (value) => {
    const parsed = parseResources(value);
    return parsed === undefined || 'gpu' in (value as object) ? undefined : (value as StartOptions['resources']);
  },
};

const nodes: OptionSpec<number | readonly NodeOptions[] | undefined> = {
  doc: 'Nodes on this machine.',
  expected: `a number from 1 to ${MAX_NODES}, or a list of so many such as [{ name: 'a', numGpus: 1, resources: { cpu: 2 } }]`,
  default: undefined,
  parse: (value) => {
    const count = Array.isArray(value) ? value.length : value;
    return Number.isSafeInteger(count) && (count as number) >= 1 && (count as number) <= MAX_NODES
      ? (value as number | readonly NodeOptions[])
      : undefined;
  },
};

const name: OptionSpec<string | undefined> = {
  doc: 'Id of the node.',
  expected: "letters, digits, '_', '-' and '.', starting with a letter or digit, 32 at most",
  default: undefined,
  parse: (value) => (typeof value === 'string' && /^[A-Za-z0-9][\w.-]{0,31}$/.test(value) ? value : undefined),
};

/** The nodes that `serve.start` was told of; `undefined` where that is nothing. @throws NBS_INVALID_OPTION, NBS_UNKNOWN_OPTION */
export function declaredNodes(options: StartOptions): readonly DeclaredNode[] | undefined {
  const { numGpus: gpus, resources: others, nodes: declared } = options;
  if (gpus === undefined && others === undefined && declared === undefined) return undefined;
  const shared = parseOptions(
    'serve.start',
    { numGpus, resources, nodes },
    { numGpus: gpus, resources: others, nodes: declared },
  );
  const count = typeof shared.nodes === 'number' ? shared.nodes : 1;
  const list = Array.isArray(shared.nodes) ? (shared.nodes as readonly NodeOptions[]) : new Array<NodeOptions>(count).fill({});
  const several = list.length > 1;
  const names = new Set<string>();
  return list.map((node, index) => {
    const where = `serve.start, nodes[${index}]`;
    if (typeof node !== 'object' || node === null)
      throw InvalidOption({
        where: 'serve.start',
        option: `nodes[${index}]`,
        expected: "an object such as { name: 'a' }",
        value: String(node),
      });
    const own = parseOptions(where, { name, numGpus, resources }, { ...node });
    const id = own.name ?? (several ? `node-${index + 1}` : undefined);
    if (id !== undefined && names.has(id))
      throw InvalidOption({ where, option: 'name', expected: 'a name of its own', value: id });
    if (id !== undefined) names.add(id);
    const gpu = own.numGpus ?? shared.numGpus;
    return {
      ...(id === undefined ? {} : { name: id }),
      resources: { ...shared.resources, ...own.resources, ...(gpu === undefined ? {} : { gpu }) },
    };
  });
}
