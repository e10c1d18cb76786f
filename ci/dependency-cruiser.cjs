/** What the rooms of rooms.cjs may import, and by which doors. */
const { ROOMS, KERNEL_ROOMS } = require('./rooms.cjs');

/**
 * Files besides index.ts that other rooms may import. Types that notebooks use are imported from their own file, so that a cell does not load the types of
 * the whole room. `analysis.ts` and `host.ts` are doors for programs that host user code.
 */
const SIDE_DOORS = [
  '^lib/src/serve/[^/]+/types\\.ts$',
  '^lib/src/schemas/types\\.ts$',
  '^lib/src/oip/types\\.ts$',
  '^lib/src/serve/protocol/(grpc-call|policy|status|traffic-status)\\.ts$',
  '^lib/src/core/errors\\.ts$',
  '^lib/src/serve/host\\.ts$',
  '^lib/src/code/analysis\\.ts$',
];

const LIB = '^lib/src/';
const KERNEL = '^kernel-ext/src/';
const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** Rooms that lie inside of a room. */
const within = (rooms, name) => Object.keys(rooms).filter((other) => other.startsWith(`${name}/`));
const path = (base, name) => `${base}${escaped(name)}/`;

/** One rule for each room: what it may import. */
const arrows = (base, rooms) =>
  Object.entries(rooms).map(([name, allowed]) => {
    const inside = within(rooms, name).map((other) => path(base, other));
    const others = Object.keys(rooms).filter((other) => other !== name && !allowed.includes(other));
    return {
      name: `room-${name.replaceAll('/', '-')}`,
      severity: 'error',
      comment: `${name} may import ${allowed.join(', ') || 'no other room'}`,
      from: { path: path(base, name), pathNot: inside },
      to: {
        // A room does not contain the files of the rooms inside of it.
        path: others.map((other) => {
          const closed = within(rooms, other).filter(
            (one) => one === name || allowed.includes(one) || name.startsWith(`${one}/`),
          );
          return closed.length === 0
            ? path(base, other)
            : `${path(base, other)}(?!${closed.map((one) => `${escaped(one.slice(other.length + 1))}/`).join('|')})`;
        }),
      },
    };
  });

/** One rule for each room: other rooms import only its door. */
const doors = (base, rooms) =>
  Object.keys(rooms).map((name) => {
    const inside = within(rooms, name).map((other) => path(base, other));
    return {
      name: `door-${name.replaceAll('/', '-')}`,
      severity: 'error',
      comment: `${name} is entered through its index.ts`,
      from: { path: '^(lib|kernel-ext)/src/', pathNot: [path(base, name)] },
      to: { path: path(base, name), pathNot: [`${path(base, name)}index\\.ts$`, ...inside, ...SIDE_DOORS] },
    };
  });

module.exports = {
  forbidden: [
    ...arrows(LIB, ROOMS),
    ...arrows(KERNEL, KERNEL_ROOMS),
    ...doors(LIB, ROOMS),
    ...doors(KERNEL, KERNEL_ROOMS),
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
      to: {
        path: '^lib/(src|dist)/',
        pathNot: '^lib/dist/(index|core/(errors|basics)|onnx/index|host/index|data/index|cli/index|code/analysis)\\.(js|d\\.ts)$',
      },
    },
    {
      name: 'kernel-requires-nbserve',
      severity: 'error',
      comment: 'a cell requires nbserve at any moment, and Node cannot require a module that is being imported with import()',
      from: { path: '^kernel-ext/src/' },
      to: { path: '^lib/(src|dist)/', dynamic: true, dependencyTypesNot: ['type-only', 'type-import'] },
    },
    {
      name: 'lib-knows-no-kernel',
      severity: 'error',
      comment: 'nbserve works without the kernel',
      from: { path: '^lib/' },
      to: { path: '^kernel-ext/' },
    },
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } } },
  ],
  options: {
    doNotFollow: { path: ['node_modules', 'dist'] },
    exclude: { path: ['\\.test\\.ts$', '\\.test-support\\.ts$', '/dist-test/'] },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'types'] },
  },
};
