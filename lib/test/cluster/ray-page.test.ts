/** The files on the page "On a Ray cluster" fit together. Nothing here runs a container. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import { parseAllDocuments } from 'yaml';
import { parseConfig } from '../../dist/config/index.js';
import { machinesOf } from '../../dist/serve/host.js';
import { FakeRay } from '../fixtures/fake-ray.js';

const page = readFileSync(fileURLToPath(new URL('../../docs/ray.md', import.meta.url)), 'utf8');
const blocks = (language: string): readonly string[] =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(([, text]) => text as string);

const texts = { type: 'object', additionalProperties: { type: 'string' } };
const group = { rayStartParams: texts, template: { type: 'object', required: ['spec'] } };
const count = { type: 'integer', minimum: 0 };
/** What KubeRay 1.4.0 and 1.7.0 say of the fields that the page uses: `ray.io_rayclusters.yaml`, version v1, without the pods. */
const RAY_CLUSTER = {
  type: 'object',
  required: ['headGroupSpec'],
  additionalProperties: false,
  properties: {
    rayVersion: { type: 'string' },
    headGroupSpec: { type: 'object', required: ['template'], additionalProperties: false, properties: group },
    workerGroupSpecs: {
      type: 'array',
      items: {
        type: 'object',
        required: ['groupName', 'maxReplicas', 'minReplicas', 'template'],
        additionalProperties: false,
        properties: { ...group, groupName: { type: 'string' }, replicas: count, minReplicas: count, maxReplicas: count },
      },
    },
  },
};

test('the manifests, the image and the configuration for Kubernetes name the same things', async () => {
  const [cluster, deployment, config] = blocks('yaml').map((text) => {
    const [document, ...others] = parseAllDocuments(text);
    assert.deepEqual([document?.errors, document?.warnings, others.length], [[], [], 0]);
    return document?.toJS();
  });
  const ajv = new Ajv();
  assert.ok(ajv.validate(RAY_CLUSTER, cluster.spec), ajv.errorsText());
  assert.equal(`${cluster.apiVersion} ${cluster.kind}`, 'ray.io/v1 RayCluster');
  const [container] = blocks('dockerfile');
  assert.match(container as string, new RegExp(`^FROM rayproject/ray:${cluster.spec.rayVersion}-`, 'm'));
  assert.match(container as string, /install -y --no-install-recommends tini/);
  const images = [cluster.spec.headGroupSpec, ...cluster.spec.workerGroupSpecs].map(
    ({ template }) => template.spec.containers[0].image,
  );
  const [own] = deployment.spec.template.spec.containers;
  assert.deepEqual(new Set([...images, own.image]).size, 1);
  assert.deepEqual(deployment.spec.selector.matchLabels, deployment.spec.template.metadata.labels);
  assert.deepEqual(own.command.slice(0, 2), ['tini', '--']);
  assert.deepEqual(own.command.slice(-2), ['run', 'serve.yaml']);
  const address = new URL(own.env.find(({ name }: { name: string }) => name === 'RAY_API_SERVER_ADDRESS').value);
  assert.deepEqual([address.hostname, address.port], [`${cluster.metadata.name}-head-svc`, '8265']);
  const text = `${blocks('yaml')[2]}applications: []\n`;
  const { cluster: options, notes } = await parseConfig(text, 'serve.yaml', '/app');
  assert.deepEqual(notes, []);
  assert.equal(options.port, config.cluster.port);
  for (const port of [own.ports[0].containerPort, own.readinessProbe.httpGet.port]) assert.equal(port, options.port);
  // The pod itself offers nothing to replicas that ask for a CPU.
  assert.deepEqual([options.resources?.cpu, options.numGpus], [0, 0]);
  const ray = await new FakeRay().open();
  try {
    process.env.RAY_API_SERVER_ADDRESS = ray.address;
    assert.deepEqual((await machinesOf(options))?.ray, { address: ray.address });
  } finally {
    ray.close();
  }
});
