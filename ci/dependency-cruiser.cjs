/** The rooms and their arrows; the table is in lib/docs/architecture.md. */
const room = (name) => `^lib/src/${name}/`;

/** Room → what it may import besides itself. */
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
  serve: ['core', 'ipc', 'engine', 'code'],
  onnx: ['core'],
  data: ['core', 'onnx', 'engine'],
  host: ['core', 'engine', 'code', 'serve'],
  cli: ['core', 'serve', 'host', 'data'],
};

const rules = Object.entries(ROOMS).map(([name, allowed]) => ({
  name: `room-${name.replace('/', '-')}`,
  severity: 'error',
  comment: `${name} may import ${allowed.join(', ') || 'no other room'}`,
  from: {
    path: room(name),
    pathNot:
      name === 'serve'
        ? '^lib/src/serve/(controller|proxy|replica|protocol|router|handle|modules|context|multiplexing|batching)/'
        : [],
  },
  to: { path: '^lib/src/[^/]+/', pathNot: [room(name), ...allowed.map(room)] },
}));

module.exports = {
  forbidden: [
    ...rules,
    {
      name: 'one-door',
      severity: 'error',
      comment:
        'a room is entered through its index.ts (types that reach notebooks are imported by file, to keep their declarations small)',
      from: { path: '^lib/src/([^/]+)/' },
      to: { path: '^lib/src/(core|ipc|engine|code|onnx|data)/', pathNot: ['^lib/src/$1/', '/index\\.ts$'] },
    },
    {
      name: 'processes-apart',
      severity: 'error',
      comment: 'controller, proxy and replica share messages, config and status types only',
      from: { path: '^lib/src/serve/(controller|proxy|replica)/' },
      to: { path: '^lib/src/serve/(controller|proxy|replica)/', pathNot: '^lib/src/serve/$1/' },
    },
    {
      name: 'kernel-through-the-public-door',
      severity: 'error',
      comment: "the kernel uses nbserve's public entries only",
      from: { path: '^kernel-ext/' },
      to: { path: '^lib/(src|dist)/', pathNot: '^lib/dist/(index|onnx/index|host/index|data/index)\\.(js|d\\.ts)$' },
    },
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } } },
  ],
  options: {
    doNotFollow: { path: ['node_modules', 'dist'] },
    exclude: { path: ['\\.test\\.ts$', '/dist/', '/dist-test/'] },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'types'] },
  },
};
