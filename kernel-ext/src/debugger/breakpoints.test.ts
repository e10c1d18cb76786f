import assert from 'node:assert/strict';
import { beforeEach, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { Breakpoints } from './breakpoints.js';
import type { InspectorClient } from './inspector-client.js';
import type { Scripts } from './scripts.js';

/** The lines (from 0) of the breakpoints that the inspector has, by their ids. */
const set = new Map<string, number>();
let count = 0;

/** Takes a turn for each answer. */
const inspector = {
  send: async (method: string, { breakpointId = '', location = { lineNumber: 0 } }) => {
    await turn();
    if (method === 'Debugger.removeBreakpoint') {
      set.delete(breakpointId);
      return {};
    }
    const id = String(++count);
    set.set(id, location.lineNumber);
    return { breakpointId: id };
  },
} as unknown as InspectorClient;

const scripts = {
  withPath: async () => {
    await turn();
    return ['1'];
  },
  locationOf: async (scriptId: string, line: number) => {
    await turn();
    return { location: { scriptId, lineNumber: line, columnNumber: 0 }, line };
  },
} as unknown as Scripts;

beforeEach(() => set.clear());

it('breakpoints that are replaced twice at the same time are the last ones', async () => {
  const breakpoints = new Breakpoints(inspector, scripts, async (condition) => condition);
  await Promise.all([breakpoints.replace('/a.ts', [{ line: 1 }, { line: 2 }]), breakpoints.replace('/a.ts', [{ line: 3 }])]);
  assert.deepEqual([...set.values()], [2]);
});

it('breakpoints that are removed while their cell is compiled are not there any more', async () => {
  const breakpoints = new Breakpoints(inspector, scripts, async (condition) => condition);
  await breakpoints.replace('/a.ts', [{ line: 1 }, { line: 2 }]);
  await Promise.all([breakpoints.compiled('2', '/a.ts'), breakpoints.replace('/a.ts', [])]);
  assert.deepEqual([...set.values()], []);
});
