import assert from 'node:assert/strict';
import { test } from 'node:test';
import { instrument } from './source-registry.js';

const CASES: readonly (readonly [source: string, instrumented: string])[] = [
  ['const a = 1', 'const a = 1'],
  ['serve.deployment(A)', 'serve.deployment(A)'],
  ['serve.deployment(class {\n})', 'serve.deployment(__nbs_source("c#0", class {\n}))'],
  [
    'serve.deployment(async (r) => r, { numReplicas: 2 })',
    'serve.deployment(__nbs_source("c#0", async (r) => r), { numReplicas: 2 })',
  ],
  ['serve.deployment<X>(class {} as Y)', 'serve.deployment<X>(__nbs_source("c#0", class {} as Y))'],
  [
    'serve.deployment(ingress(class A {})); ingress(class B {})',
    'serve.deployment(ingress(__nbs_source("c#0", class A {}))); ingress(__nbs_source("c#1", class B {}))',
  ],
  [
    'f(() => serve.deployment(class A { x = serve.deployment(class B {}) }))',
    'f(() => serve.deployment(__nbs_source("c#0", class A { x = serve.deployment(__nbs_source("c#1", class B {})) })))',
  ],
  [
    'Chat.options({ autoscaling: { maxReplicas: 4, policy: ({ now }) => now % 2 } })',
    'Chat.options({ autoscaling: { maxReplicas: 4, policy: __nbs_source("c#0", ({ now }) => now % 2) } })',
  ],
  [
    'serve.deployment(class A {}, { autoscaling: { "policy": async function () { return 1 } } }); ({ policy }); ({ policy() {} })',
    'serve.deployment(__nbs_source("c#0", class A {}), { autoscaling: { "policy": __nbs_source("c#1", async function () { return 1 }) } }); ({ policy }); ({ policy() {} })',
  ],
  ['ds.mapBatches((b) => b)', 'ds.mapBatches(__nbs_source("c#0", (b) => b))'],
  ['ds?.mapGroups(async function* g() {})', 'ds?.mapGroups(__nbs_source("c#0", async function* g() {}))'],
  ['new Tuner(async (config) => {}, {})', 'new Tuner(__nbs_source("c#0", async (config) => {}), {})'],
  [
    'new Trainer({ trainLoopPerWorker: async (config) => {} })',
    'new Trainer({ trainLoopPerWorker: __nbs_source("c#0", async (config) => {}) })',
  ],
  [
    '[1].map((n) => n); ds.map((row) => row, { concurrency: 2 })',
    '[1].map((n) => n); ds.map(__nbs_source("c#0", (row) => row), { concurrency: 2 })',
  ],
  ['[1].map((n) => ({ n })); ds.mapBatches(f)', '[1].map((n) => ({ n })); ds.mapBatches(f)'],
  ['const el = <p>a</p>; serve.deployment(class {})', 'const el = <p>a</p>; serve.deployment(__nbs_source("c#0", class {}))'],
  ['const n = <number>x; serve.deployment(class {})', 'const n = <number>x; serve.deployment(__nbs_source("c#0", class {}))'],
  ['// serve.deployment(class {})', '// serve.deployment(class {})'],
];

for (const [source, expected] of CASES) test(source, () => assert.equal(instrument('c', source), expected));
