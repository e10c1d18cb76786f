/** The calls of Ray's REST API, to a small fake of it. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { isNbserveError } from '../../dist/core/index.js';
import { RayApi } from '../../dist/engine/ray/index.js';
import { FakeRay } from '../fixtures/fake-ray.js';

const A = { id: 'a'.repeat(16), ip: '10.0.0.6', isHead: false, resources: { CPU: 2, memory: 1e9 } };

let ray: FakeRay;
beforeEach(async () => {
  ray = await new FakeRay().open();
});
afterEach(() => ray.close());

describe("Ray's API", () => {
  const environment = { ...process.env };
  const folder = mkdtempSync(join(tmpdir(), 'nbst-'));
  afterEach(() => {
    for (const name of ['RAY_AUTH_TOKEN', 'RAY_AUTH_TOKEN_PATH', 'RAY_AUTH_MODE', 'HOME', 'NODE_TLS_REJECT_UNAUTHORIZED']) {
      if (environment[name] === undefined) delete process.env[name];
      else process.env[name] = environment[name];
    }
    rmSync(folder, { recursive: true, force: true });
  });
  const isRefused = (error: unknown) => isNbserveError(error) && error.code === 'NBS_RAY_REFUSED';

  it('adds its metadata to each job, and lists those that have not ended', async () => {
    const api = new RayApi(ray.address, { head: 'here 1 2' });
    const job = { entrypoint: 'true', entrypoint_num_cpus: 0, entrypoint_num_gpus: 0, entrypoint_label_selector: {} };
    for (const id of ['a', 'b'])
      await api.submit({ ...job, submission_id: id, runtime_env: { env_vars: {} }, metadata: { nbserve: 'c' } });
    assert.deepEqual(
      (await api.jobs()).map(({ id, metadata }) => [id, metadata]),
      ['a', 'b'].map((id) => [id, { nbserve: 'c', head: 'here 1 2' }]),
    );
    Object.assign(ray.jobs.get('a') ?? {}, { status: 'FAILED' });
    assert.deepEqual(
      (await api.jobs()).map(({ id }) => id),
      ['b'],
    );
    api.close();
  });

  it('gets the token from the environment, from a file that it names, or from the home', async () => {
    delete process.env.RAY_AUTH_TOKEN;
    delete process.env.RAY_AUTH_TOKEN_PATH;
    mkdirSync(join(folder, '.ray'), { recursive: true });
    process.env.HOME = folder;
    ray.token = 'right';
    const api = new RayApi(ray.address);
    await assert.rejects(api.nodes(), isRefused);
    writeFileSync(join(folder, '.ray', 'auth_token'), 'right\n');
    await api.nodes();
    writeFileSync(join(folder, 'token'), 'wrong');
    process.env.RAY_AUTH_TOKEN_PATH = join(folder, 'token');
    await assert.rejects(api.nodes(), isRefused);
    process.env.RAY_AUTH_TOKEN = 'right\n';
    await api.nodes();
    // As by Ray's own tools, none is sent if they are told that Ray has none.
    process.env.RAY_AUTH_MODE = 'disabled';
    await assert.rejects(api.nodes(), (error: Error) => isRefused(error) && /RAY_AUTH_MODE is disabled/.test(error.message));
    process.env.RAY_AUTH_MODE = 'token';
    await api.nodes();
    process.env.RAY_AUTH_TOKEN = 'wrong';
    await assert.rejects(api.nodes(), (error: Error) => isRefused(error) && !error.message.includes('RAY_AUTH_MODE is'));
    delete process.env.RAY_AUTH_TOKEN;
    process.env.RAY_AUTH_TOKEN_PATH = join(folder, 'missing');
    await assert.rejects(
      api.nodes(),
      (error: Error) => isNbserveError(error) && error.code === 'NBS_RAY_TOKEN_UNREADABLE' && /missing/.test(error.message),
    );
    api.close();
  });

  it('is below a path, if a proxy in front of it has one', async () => {
    const paths: string[] = [];
    ray.fault = (_, path) => {
      paths.push(path);
      return undefined;
    };
    for (const end of ['/ray', '/ray/']) {
      const api = new RayApi(`${ray.address}${end}`);
      await api.nodes().catch(() => {});
      api.close();
    }
    assert.deepEqual(paths, ['/ray/api/v0/nodes?limit=10000', '/ray/api/v0/nodes?limit=10000']);
  });

  it('is reached over TLS, and only if its certificate is trusted', async () => {
    const file = (name: string): string => readFileSync(new URL(`../../test/fixtures/tls/${name}`, import.meta.url), 'utf8');
    const secure = await new FakeRay({ cert: file('server.crt'), key: file('server.key') }).open();
    secure.nodes = [A];
    const api = new RayApi(secure.address);
    await assert.rejects(
      api.nodes(),
      (error: Error) => isNbserveError(error) && error.code === 'NBS_RAY_UNREACHABLE' && /certificate/.test(error.message),
    );
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
    assert.deepEqual(
      (await api.nodes()).map(({ ip }) => ip),
      [A.ip],
    );
    api.close();
    secure.close();
  });

  it('says what is not an answer of Ray', async () => {
    const api = new RayApi(ray.address);
    ray.fault = () => 500;
    await assert.rejects(api.nodes(), (error: Error) => isRefused(error) && /answered with 500: a fault/.test(error.message));
    ray.fault = () => 200;
    await assert.rejects(
      api.nodes(),
      (error: Error) => isRefused(error) && /not answered as by Ray; is this the address of Ray's dashboard/.test(error.message),
    );
    for (const text of ['', '{}', '[]', '{"data":{"result":{}}}', 'null']) {
      ray.fault = () => ({ status: 200, text });
      for (const call of [() => api.nodes(), () => api.version(), () => api.job('x')])
        await assert.rejects(call(), (error: Error) => isRefused(error) && /is this the address of/.test(error.message), text);
    }
    // nbserve's own REST API, which may have taken Ray's usual port.
    ray.fault = () => ({ status: 401, text: '{"error":{"code":"NBS_UNAUTHORIZED"}}' });
    await assert.rejects(
      api.nodes(),
      (error: Error) => isRefused(error) && /that is the REST API of nbserve/.test(error.message),
    );
    ray.fault = () => 'cut';
    await assert.rejects(api.nodes(), (error) => isNbserveError(error) && error.code === 'NBS_RAY_UNREACHABLE');
    api.close();
  });

  it('knows no job that is not there, and passes every other error on', async () => {
    const api = new RayApi(ray.address);
    assert.equal(await api.job('nothing'), undefined);
    ray.fault = () => 502;
    await assert.rejects(api.job('nothing'), isRefused);
    api.close();
  });
});
