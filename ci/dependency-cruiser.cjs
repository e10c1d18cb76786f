/** What the rooms of rooms.cjs may import, and by which doors. */
const { exports: entries } = require('../lib/package.json');
const { ROOMS, KERNEL_ROOMS, OUTER_FILES } = require('./rooms.cjs');

/**
 * Files besides index.ts that other rooms may import. Types that notebooks use are imported from their own file, so that a cell does not load the types of
 * the whole room. `analysis.ts` and `host.ts` are doors for programs that host user code.
 */
const SIDE_DOORS = [
  '^lib/src/serve/[^/]+/types\\.ts$',
  '^lib/src/schemas/types\\.ts$',
  '^lib/src/oip/types\\.ts$',
  '^lib/src/serve/protocol/(grpc-call|policy|status|traffic-status)\\.ts$',
  '^lib/src/core/(errors|duration)\\.ts$',
  '^lib/src/serve/host\\.ts$',
  '^lib/src/code/analysis\\.ts$',
];

/** The rooms that programs import. */
const entryRooms = Object.values(entries)
  .map((entry) => (typeof entry === 'string' ? entry : entry.default))
  .flatMap((file) => /^\.\/dist\/(.+)\/index\.js$/.exec(file)?.[1] ?? []);

const LIB = '^lib/src/';
const KERNEL = '^kernel-ext/src/';
const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** Rooms that lie inside of a room. */
const within = (rooms, name) => Object.keys(rooms).filter((other) => other.startsWith(`${name}/`));
const path = (base, name) => `${base}${escaped(name)}/`;
/** The files whose innermost room is `name`. */
const ownPath = (base, name, rooms) => {
  const inside = within(rooms, name).map((other) => `${escaped(other.slice(name.length + 1))}/`);
  return inside.length === 0 ? path(base, name) : `${path(base, name)}(?!${inside.join('|')})`;
};

const TEST = '\\.test(-support)?\\.ts$';
const TEST_SUPPORT = '\\.test-support\\.ts$';
/** The unit tests of the controller run its rooms together. To them it is one room. */
const CONTROLLER = 'serve/controller';
const CONTROLLER_TESTS = `${path(LIB, CONTROLLER)}.*${TEST}`;
const isOfController = (base, name) => base === LIB && `${name}/`.startsWith(`${CONTROLLER}/`);

/** What the kernel may load of nbserve at its start, by room. All rooms may load the errors and basics, and import the types of each public entry. */
const KERNEL_LOADS = { commands: ['host', 'cli'], runner: ['host', 'cli'], session: ['analysis'] };
const declarationOf = (entry) => entries[entry].types.replace('./', 'lib/');
const publicFiles = Object.keys(entries)
  .filter((entry) => entry !== './package.json')
  .map((entry) => `^${escaped(declarationOf(entry).replace(/\.d\.ts$/, ''))}\\.(js|d\\.ts)$`);
const loadable = (names) => ['errors', 'basics', ...names].map((name) => `^${escaped(declarationOf(`./${name}`))}$`);
const loads = (from, names) => ({
  name: 'kernel-loads-little-of-nbserve',
  severity: 'error',
  comment: `of nbserve, it may load ${['errors', 'basics', ...names].join(', ')} when it starts, and the rest when it is needed`,
  from,
  to: { path: '^lib/dist/', pathNot: loadable(names), dynamic: false, dependencyTypesNot: ['type-only', 'type-import'] },
});

/** One rule for each room: what it may import. */
const arrows = (base, rooms) =>
  Object.entries(rooms).map(([name, allowed]) => {
    const others = Object.keys(rooms).filter((other) => other !== name && !allowed.includes(other));
    return {
      name: `room-${name.replaceAll('/', '-')}`,
      severity: 'error',
      comment: `${name} may import ${allowed.join(', ') || 'no other room'}`,
      from: {
        path: [ownPath(base, name, rooms), ...(base === LIB && name === CONTROLLER ? [CONTROLLER_TESTS] : [])],
        ...(isOfController(base, name) && name !== CONTROLLER ? { pathNot: CONTROLLER_TESTS } : {}),
      },
      to: {
        pathNot: TEST_SUPPORT,
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

/** One rule for each room: other rooms import only its door. A room inside of it may open the files that OUTER_FILES lists, too. */
const doors = (base, rooms) =>
  Object.keys(rooms).flatMap((name) => {
    const inside = within(rooms, name);
    const open = [`${path(base, name)}index\\.ts$`, TEST_SUPPORT, ...inside.map((other) => path(base, other)), ...SIDE_DOORS];
    const rule = (from, more) => ({
      name: `door-${name.replaceAll('/', '-')}`,
      severity: 'error',
      comment: `${name} is entered through its index.ts`,
      from,
      to: { path: path(base, name), pathNot: [...open, ...more] },
    });
    const tests = isOfController(base, name) ? [CONTROLLER_TESTS] : [];
    return [
      rule({ path: '^(lib|kernel-ext)/src/', pathNot: [path(base, name), ...tests] }, []),
      ...inside.map((other) => {
        const files = base === LIB ? (OUTER_FILES[other] ?? []) : [];
        return rule(
          { path: ownPath(base, other, rooms), ...(tests.length > 0 && { pathNot: tests }) },
          files.map((file) => `^${escaped(`lib/src/${file}.ts`)}$`),
        );
      }),
    ];
  });

/** The folders below src that have no row in rooms.cjs. */
const roomless = (base, rooms) => `${base}(?!(?:${Object.keys(rooms).map(escaped).join('|')})/)[^/]+/`;

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
      to: { path: '^lib/(src|dist)/', pathNot: publicFiles },
    },
    ...Object.entries(KERNEL_LOADS).map(([room, names]) => loads({ path: path(KERNEL, room) }, names)),
    loads({ path: `${KERNEL}[^/]+/`, pathNot: Object.keys(KERNEL_LOADS).map((room) => path(KERNEL, room)) }, []),
    {
      name: 'kernel-requires-nbserve',
      severity: 'error',
      comment: 'a cell requires nbserve at any moment, and Node cannot require a module that is being imported with import()',
      from: { path: '^kernel-ext/src/' },
      to: { path: '^lib/(src|dist)/', dynamic: true, dependencyTypesNot: ['type-only', 'type-import'] },
    },
    {
      name: 'entries-are-not-imported-later',
      severity: 'error',
      comment:
        'a program requires the entries of nbserve at any moment, and Node cannot require a module that is being imported with import()',
      from: { path: LIB, pathNot: [TEST, path(LIB, 'cli')] },
      to: {
        path: [...new Set([...entryRooms, 'oip'])].map((room) => `${path(LIB, room)}index\\.ts$`),
        dynamic: true,
        dependencyTypesNot: ['type-only', 'type-import'],
      },
    },
    {
      name: 'lib-knows-no-kernel',
      severity: 'error',
      comment: 'nbserve works without the kernel',
      from: { path: '^lib/' },
      to: { path: '^kernel-ext/' },
    },
    {
      name: 'own-sources',
      severity: 'error',
      comment: 'a package does not import itself by its name, because that is what the last build made of it',
      from: { path: '^(lib|kernel-ext)/src/' },
      to: { path: '^$1/dist/' },
    },
    {
      name: 'no-room-imports-the-top',
      severity: 'error',
      comment: 'the entries of a package import its rooms, and not the other way round',
      from: { path: '^(lib|kernel-ext)/src/[^/]+/' },
      to: { path: '^(lib|kernel-ext)/src/[^/]+$' },
    },
    ...[roomless(LIB, ROOMS), roomless(KERNEL, KERNEL_ROOMS)].flatMap((folders) => [
      {
        name: 'folder-without-a-room',
        severity: 'error',
        comment: 'ci/rooms.cjs says nothing of it',
        from: { path: folders },
        to: {},
      },
      {
        name: 'folder-without-a-room',
        severity: 'error',
        comment: 'ci/rooms.cjs says nothing of it',
        from: {},
        to: { path: folders },
      },
    ]),
    {
      name: 'test-support-is-for-tests',
      severity: 'error',
      comment: 'the packages do not contain it',
      from: { path: '^(lib|kernel-ext)/src/', pathNot: TEST },
      to: { path: TEST_SUPPORT },
    },
    {
      name: 'errors-import-nothing',
      severity: 'error',
      comment: 'programs that only handle errors load `nbserve/errors` alone',
      from: { path: `${LIB}core/errors\\.ts$` },
      to: {},
    },
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } } },
  ],
  options: {
    doNotFollow: { path: ['node_modules', 'dist'] },
    exclude: { path: ['/dist-test/'] },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'types'] },
  },
};
