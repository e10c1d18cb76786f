/** The rooms and their arrows. `dependency-cruiser.cjs` enforces them, `npm run docs` writes them into lib/docs/architecture.md. */

/** Room below lib/src → what it may import besides itself. A room inside another is a room of its own. */
const ROOMS = {
  core: [],
  ipc: ['core'],
  engine: ['core', 'ipc'],
  code: ['core'],
  'serve/protocol': ['core', 'code'],
  'serve/modules': ['core', 'code'],
  'serve/context': ['core'],
  'serve/multiplexing': ['core', 'serve/context'],
  'serve/batching': ['core', 'serve/context'],
  'serve/router': ['core', 'ipc', 'serve/protocol'],
  'serve/handle': ['core', 'ipc', 'code', 'serve/protocol', 'serve/context', 'serve/router'],
  'serve/controller': ['core', 'ipc', 'engine', 'code', 'serve/protocol'],
  'serve/proxy': ['core', 'ipc', 'engine', 'serve/protocol', 'serve/router'],
  'serve/replica': [
    'core',
    'ipc',
    'engine',
    'code',
    'serve/protocol',
    'serve/router',
    'serve/handle',
    'serve/modules',
    'serve/context',
    'serve/multiplexing',
  ],
  serve: [
    'core',
    'ipc',
    'engine',
    'code',
    'serve/protocol',
    'serve/modules',
    'serve/context',
    'serve/multiplexing',
    'serve/batching',
    'serve/router',
    'serve/handle',
  ],
  onnx: ['core'],
  data: ['core', 'onnx', 'engine'],
  host: ['core', 'engine', 'code', 'serve', 'serve/protocol', 'serve/modules'],
  cli: ['core', 'serve', 'host', 'data'],
};

/** Room below kernel-ext/src → what it may import besides itself. */
const KERNEL_ROOMS = {
  wire: [],
  children: [],
  descriptors: [],
  versions: [],
  display: [],
  magics: [],
  control: ['descriptors', 'wire'],
  session: ['display', 'magics', 'versions'],
  install: ['wire'],
  kernel: ['control', 'descriptors', 'session', 'versions', 'wire'],
  runner: ['children', 'control', 'descriptors', 'session', 'versions'],
  commands: ['install', 'runner'],
};

module.exports = { ROOMS, KERNEL_ROOMS };
