/** The files on the page "Deploying to production" fit together. Nothing here runs a container. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse, parseAllDocuments } from 'yaml';
import { runCommand } from '../../dist/cli/run-command.js';
import { parseConfig } from '../../dist/config/index.js';

const page = readFileSync(fileURLToPath(new URL('../../docs/production.md', import.meta.url)), 'utf8');
function file(name: string): string {
  const [, text] = new RegExp(`^\`\`\`\\w+ file=${name}\\n([\\s\\S]*?)^\`\`\`$`, 'm').exec(page) ?? [];
  assert.ok(text, `the page has no ${name}`);
  return text;
}

test('the configuration of the ConfigMap is valid, and its paths and ports are those of the image and the pod', async () => {
  const [map, deployment, service] = parseAllDocuments(file('kubernetes.yaml')).map((document) => {
    assert.deepEqual([...document.errors, ...document.warnings], []);
    return document.toJS();
  });
  const { applications, cluster, notes } = await parseConfig(map.data['serve.yaml'], 'serve.yaml', '/etc/nbserve');
  assert.deepEqual(notes, []);
  const container = file('Containerfile');
  const [, folder] = /^WORKDIR (\S+)$/m.exec(container) ?? [];
  assert.equal(applications[0]?.importPath, `${folder}/app.ts:app`);
  const { spec } = deployment.spec.template;
  const [own] = spec.containers;
  const port = own.ports[0].containerPort;
  assert.ok(
    own.args.includes(String(port)) && container.includes(`EXPOSE ${port}`) && container.includes(`127.0.0.1:${port}/-/healthz`),
  );
  assert.ok(own.args[1].startsWith(own.volumeMounts[0].mountPath) && own.args[1].endsWith(Object.keys(map.data)[0] as string));
  assert.equal(own.startupProbe.httpGet.path, applications[0]?.routePrefix);
  assert.deepEqual(service.spec.selector, deployment.spec.template.metadata.labels);
  assert.ok((cluster.allowedHosts ?? []).includes(service.metadata.name));
  assert.equal(cluster.resources?.cpu, Number(own.resources.requests.cpu));
  assert.equal(own.resources.limits.memory, `${(cluster.resources?.memory ?? 0) / 2 ** 30}Gi`);
});

test('the unit, the image and Compose run a command that exists, and give it time to drain', () => {
  const unit = file('nbserve.service');
  assert.match(unit, /^ExecStart=\S+ node_modules\/nbserve\/bin\/nbserve\.js run serve\.yaml$/m);
  assert.match(unit, /^TimeoutStopSec=60$/m);
  const container = file('Containerfile');
  const [entry, command] = [/^ENTRYPOINT (.*)$/m, /^CMD (.*)$/m].map(
    (line) => JSON.parse(line.exec(container)?.[1] ?? '[]') as string[],
  );
  assert.equal(entry?.at(-1), 'node_modules/nbserve/bin/nbserve.js');
  assert.deepEqual(command?.slice(0, 2), ['run', 'serve.yaml']);
  for (const option of command?.filter((word) => word.startsWith('--')) ?? [])
    assert.ok(runCommand.help.includes(option), option);
  const { models } = parse(file('compose.yaml')).services;
  assert.equal(models.build.dockerfile, 'Containerfile');
  assert.ok(models.ports[0].endsWith(`:${command?.at(-1)}`));
  assert.equal(models.stop_grace_period, '60s');
});

test('an image gets a packed nbserve as long as the registry has none, and never the node_modules of the host', () => {
  const read = (path: string) => readFileSync(fileURLToPath(new URL(`../../../${path}`, import.meta.url)), 'utf8');
  assert.match(read('README.md'), /nbserve is not on the npm registry yet/);
  assert.match(page, /^npm pack \.\.\/nbserve\/lib$/m);
  assert.deepEqual(file('.dockerignore').split('\n'), ['node_modules', '']);
  assert.match(read('lib/docs/ray.md'), /\(production\.md#a-container\)/);
  for (const name of ['lib/docs/production.md', 'lib/docs/ray.md', 'notebooks/04-sentiment/Dockerfile']) {
    const lines = read(name).split('\n');
    const copies = lines.filter((line) => line.startsWith('COPY package.json'));
    assert.deepEqual(copies, ['COPY package.json package-lock.json *.tgz ./'], name);
    assert.ok(lines.indexOf(copies[0] as string) < lines.findIndex((line) => line.startsWith('RUN npm ci')), name);
  }
});
