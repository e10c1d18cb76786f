import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ActualView } from '../replicas/index.js';
import { buildStatus, type ClusterFacts } from './status.js';

const facts: ClusterFacts = {
  url: '',
  grpc: '',
  warnings: [],
  faults: new Map(),
  traffic: {},
  gpus: [{ index: '0', name: 'NVIDIA A100', memoryBytes: 40, usedBytes: 1 }],
};

test("a GPU of another machine is not described by the driver of the head's machine", () => {
  const resources = { cpu: 1, gpus: ['0'], memory: 0, custom: {} };
  const nodes = [
    { id: 'head', ip: '10.0.0.1', alive: true, resources },
    { id: 'other', ip: '10.0.0.2', alive: true, isJoined: true, resources },
  ];
  const actual = { replicas: new Map(), groups: new Map(), failures: new Map(), nodes } as unknown as ActualView;
  const status = buildStatus(facts, new Map(), actual);
  assert.deepEqual(
    status.nodes.map(({ gpus }) => gpus),
    [[{ id: '0', name: 'NVIDIA A100', memory: 40, used: 1 }], [{ id: '0' }]],
  );
});
