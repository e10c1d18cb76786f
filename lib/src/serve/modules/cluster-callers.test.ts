import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClusterCallers } from './cluster-callers.js';

const BUNDLE = `import { serve as serve2 } from "file:///nbserve/index.js";
async function redeploy() {
  await pause();
  await serve2.run(app, { name: "other" });
}
var Deployer = class {
  again = () => redeploy();
};
function* later() {
  yield new Deployer();
}
async function main() {
  await serve2.run(app);
}
var helper = () => 1;
var app = serve2.deployment(class {
}).bind();
main().catch(() => process.exit(1));
`;

test('code that calls serve.run by way of a helper of its module is found, and other code of the module is not', () => {
  const callers = new ClusterCallers(BUNDLE);
  for (const text of [
    'class { fetch() { return serve2.run(app); } }',
    'class { async fetch() { await redeploy(); } }',
    'class { #deployer = new Deployer() }',
    '() => later().next()',
  ])
    assert.equal(callers.includes(text), true, text);
  for (const text of ['class { fetch() { return helper(app); } }', '(r) => r.json()'])
    assert.equal(callers.includes(text), false, text);
  assert.equal(new ClusterCallers().includes('class { async fetch() { await redeploy(); } }'), false);
});
