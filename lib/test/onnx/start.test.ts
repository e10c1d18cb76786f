import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { isNbserveError, serve } from 'nbserve';
import { Careful, Endless, failing, Lazy, Patient, Switching } from '../fixtures/start-apps.js';

after(() => serve.shutdown());

const code =
  (wanted: string, message = /./) =>
  (error: unknown) => {
    assert.ok(isNbserveError(error), String(error));
    const causes = [error, error.cause].filter(isNbserveError);
    assert.ok(
      causes.some((each) => each.code === wanted && message.test(each.message)),
      `${error.code}: ${error.message}`,
    );
    return true;
  };

for (const [place, Deployment] of Object.entries(failing)) {
  test(`a deploy fails with the reason of what its constructor began: ${place}`, async () => {
    const run = serve.run(Deployment.bind() as never, { name: place, routePrefix: `/${place}` });
    if (place === 'nowhere') await assert.rejects(run, /nobody awaits this/);
    else if (place === 'privateMap' || place === 'otherWork') await assert.rejects(run, /no such voice/);
    else if (place.startsWith('chain')) await assert.rejects(run, code('NBS_ONNX_MISSING_INPUT'));
    else await assert.rejects(run, code('NBS_ONNX_INVALID_MODEL'));
    const { applications } = await serve.status();
    assert.equal(applications[place]?.status, 'DEPLOY_FAILED');
  });
}

test('a replica is ready when what its constructor began has ended', async () => {
  const { url } = await serve.run(Patient.bind(), { name: 'patient', routePrefix: '/patient' });
  assert.deepEqual(await (await fetch(url)).json(), { ready: true, name: 'model' });
});

test('a failure that the constructor handles does not fail the start, nor does a model that is loaded later', async () => {
  for (const [Deployment, name] of [
    [Careful, 'the other'],
    [Lazy, 'lazy'],
  ] as const) {
    const { url } = (await serve.run(Deployment.bind() as never, { name: 'kept', routePrefix: '/kept' })) as { url: string };
    assert.equal(await (await fetch(url)).text(), name);
  }
});

test('a promise that is never fulfilled is named when the start timeout has passed', async () => {
  await assert.rejects(
    serve.run(Endless.bind(), { name: 'endless', routePrefix: '/endless' }),
    code('NBS_START_NOT_DONE', /within 5000 ms \(startupTimeout\): it waits for the promise in its field #never\./),
  );
});

test('an update that cannot load keeps the version that works', async () => {
  const { url } = await serve.run(Careful.bind(), { name: 'live', routePrefix: '/live' });
  await assert.rejects(
    serve.run(failing.privateField.bind(), { name: 'live', routePrefix: '/live' }),
    code('NBS_ONNX_INVALID_MODEL'),
  );
  assert.equal(await (await fetch(url)).text(), 'the other');
});

test('reconfigure waits for what it begins to load, and reports its failure', async () => {
  const options = { name: 'switching', routePrefix: '/switching' };
  const deploy = (userConfig: unknown) => serve.run(Switching.options({ userConfig } as never).bind(), options);
  const { url } = await deploy({ broken: false, name: 'one' });
  await deploy({ broken: false, name: 'two' });
  assert.equal(await (await fetch(url)).text(), 'two');
  await assert.rejects(deploy({ broken: true, name: 'three' }), code('NBS_ONNX_INVALID_MODEL'));
});

test('the start also waits for what the module of a function loads', async () => {
  process.env.NBS_TEST_DRIVER = 'yes';
  const { Answer } = await import('../fixtures/start-function.js');
  delete process.env.NBS_TEST_DRIVER;
  const run = serve.run(Answer.options({ env: { NBS_TEST_DRIVER: 'no' } } as never).bind(), {
    name: 'function',
    routePrefix: '/function',
  });
  await assert.rejects(run, code('NBS_ONNX_INVALID_MODEL'));
});
