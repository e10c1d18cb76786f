import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DeploymentDefinition } from './deployment.js';
import { RouteTypes } from './route-types.js';

test('a class without routes has no tools for language models', async () => {
  const describe = (mcp: boolean) => {
    const target = class Plain {
      add() {}
    };
    return new RouteTypes().describe(new DeploymentDefinition(target, { mcp }, async () => {}));
  };
  await assert.rejects(describe(true), {
    code: 'NBS_MCP_WITHOUT_ROUTES',
    message: "Plain: mcp: true needs methods with a route; write @serve.post('/add') before add",
  });
  assert.equal(await describe(false), undefined);
});
