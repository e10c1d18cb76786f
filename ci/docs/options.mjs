// Makes the tables of options.md and the members of the public interfaces from the options' schemas.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import { cell, code, table } from './markdown.mjs';
import { interfaceBody } from './source.mjs';

const WIDTH = 150;
const DEPLOYMENT_TYPES = 'lib/src/serve/deployment-option-types.ts';
const START_TYPES = 'lib/src/serve/start-option-types.ts';
const TRAFFIC_TYPES = 'lib/src/serve/traffic-types.ts';
const CHANGES = { restart: 'restarts', push: 'is pushed', routes: 'reaches routers', control: 'is control' };

/** The parts of options.md in their order. `schema`: the compiled module and the name of the schema in it; without one the interface is written by hand. */
const SECTIONS = [
  {
    heading: '## serve.deployment(…, options) and Deployment.options(options)',
    file: DEPLOYMENT_TYPES,
    name: 'DeploymentOptions',
    schema: ['serve/protocol/options/deployment.js', 'DEPLOYMENT_OPTIONS'],
  },
  {
    heading: '### resources',
    file: DEPLOYMENT_TYPES,
    name: 'ResourceOptions',
    schema: ['serve/protocol/options/resources.js', 'RESOURCE_OPTIONS'],
  },
  {
    heading: '### autoscaling',
    file: DEPLOYMENT_TYPES,
    name: 'AutoscalingOptions',
    schema: ['serve/protocol/options/autoscaling.js', 'AUTOSCALING_OPTIONS'],
  },
  {
    heading: '### rollingUpdate',
    file: DEPLOYMENT_TYPES,
    name: 'RollingUpdateOptions',
    schema: ['serve/protocol/options/rolling-update.js', 'ROLLING_UPDATE_OPTIONS'],
  },
  {
    heading: '### hedging',
    file: DEPLOYMENT_TYPES,
    name: 'HedgingOptions',
    schema: ['serve/protocol/options/hedging.js', 'HEDGING_OPTIONS'],
  },
  {
    heading: '### runtimeEnv',
    file: DEPLOYMENT_TYPES,
    name: 'RuntimeEnvOptions',
    schema: ['serve/protocol/options/runtime-env.js', 'RUNTIME_ENV_OPTIONS'],
  },
  {
    heading: '## serve.batch(options)',
    file: 'lib/src/serve/batching/types.ts',
    name: 'BatchOptions',
    schema: ['serve/batching/options.js', 'BATCH_OPTIONS'],
  },
  {
    heading: '## serve.multiplexed(options)',
    file: 'lib/src/serve/multiplexing/types.ts',
    name: 'MultiplexedOptions',
    schema: ['serve/multiplexing/multiplexed.js', 'MULTIPLEXED_OPTIONS'],
  },
  {
    heading: '## serve.run(application, options)',
    file: START_TYPES,
    name: 'RunOptions',
    schema: ['serve/run-options.js', 'RUN_OPTIONS'],
  },
  {
    heading: '## serve.start(options)',
    file: START_TYPES,
    name: 'StartOptions',
    schema: ['serve/start-options.js', 'START_OPTIONS'],
  },
  { heading: '### grpc', file: START_TYPES, name: 'GrpcOptions', schema: ['serve/grpc-options.js', 'GRPC_OPTIONS'] },
  { heading: '### nodes', file: START_TYPES, name: 'NodeOptions', schema: ['serve/node-options.js', 'NODE_OPTIONS'] },
  { heading: '## A configuration for nbserve deploy', schema: ['config/application-options.js', 'CONFIG_OPTIONS'] },
  { heading: '### applications', schema: ['config/application-options.js', 'APPLICATION_OPTIONS'] },
  {
    heading: '## serve.traffic(prefix, weights, options)',
    file: TRAFFIC_TYPES,
    name: 'TrafficOptions',
    schema: ['serve/traffic.js', 'TRAFFIC_OPTIONS'],
  },
  {
    heading: '## serve.canary(prefix, options)',
    file: TRAFFIC_TYPES,
    name: 'CanaryOptions',
    schema: ['serve/traffic.js', 'CANARY_OPTIONS'],
  },
  { heading: '## handle.options(options)', file: 'lib/src/serve/handle/types.ts', name: 'HandleOptions' },
  { heading: '## onnx.load(model, options)', file: 'lib/src/onnx/options.ts', name: 'LoadOptions' },
  { heading: '## onnx.image.decode(bytes, options)', file: 'lib/src/onnx/image-options.ts', name: 'DecodeOptions' },
];

/** Each part with the options of its schema, `specs`. */
export function optionSections() {
  return Promise.all(
    SECTIONS.map(async (section) => ({ ...section, ...(section.schema && { specs: await schemaOf(section.schema) }) })),
  );
}

/** @param {string[]} schema the built module that has it, and its name there */
async function schemaOf([module, name]) {
  const specs = (await import(pathToFileURL(resolve('lib/build', module)).href))[name];
  return Object.entries(specs).map(([option, spec]) => ({ option, ...spec, defaultText: defaultText(spec) }));
}

/** `null` if there is none. */
function defaultText({ defaultText: text, default: value }) {
  return text ?? (value === undefined ? null : inspect(value, { depth: null, breakLength: Infinity }));
}

export function optionsTable(specs) {
  const hasChange = specs.some(({ change }) => change !== undefined);
  const rows = specs.map(({ option, doc, expected, defaultText: value, isRequired, change = [] }) => [
    `\`${option}\``,
    isRequired ? 'required' : value === null ? '–' : code(value),
    cell(expected),
    cell(doc),
    ...(hasChange ? [change.map((one) => CHANGES[one]).join(', ')] : []),
  ]);
  return table(['Option', 'Default', 'Valid', 'Meaning', ...(hasChange ? ['A change'] : [])], rows);
}

/** Path → content of the files that hold the interfaces, with their members as the schemas say. */
export async function optionInterfaces() {
  const files = new Map();
  for (const { file, name, specs } of await optionSections()) {
    // What is written in YAML has no interface.
    if (specs === undefined || file === undefined) continue;
    const text = files.get(file) ?? readFileSync(file, 'utf8');
    const { start, end } = interfaceBody(file, text, name);
    files.set(file, `${text.slice(0, start)}\n${specs.map((spec) => member(name, spec)).join('')}${text.slice(end)}`);
  }
  return files;
}

function member(owner, { option, doc, type, defaultText: value, isRequired }) {
  if (type === undefined) throw new Error(`the option ${option} of ${owner} has no type in its schema`);
  const tag = isRequired || value === null ? '' : `@default ${value}`;
  const line = `  /** ${`${doc} ${tag}`.trim()} */\n`;
  const lines = `  /**\n${wrapped(doc)}${tag === '' ? '' : `   * ${tag}\n`}   */\n`;
  return `${line.length <= WIDTH + 6 ? line : lines}  readonly ${option}${isRequired ? '' : '?'}: ${type};\n`;
}

function wrapped(text) {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines.length - 1;
    if (lines[last] !== '' && lines[last].length + word.length >= WIDTH - 5) lines.push(word);
    else lines[last] += `${lines[last] === '' ? '' : ' '}${word}`;
  }
  return lines.map((line) => `   * ${line}\n`).join('');
}
