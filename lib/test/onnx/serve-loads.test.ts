import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

// Node refuses to require what is being imported. The kernel requires nbserve at any moment, and so does a cell that uses `serve`.
for (const turns of [0, 1, 6, 15])
  test(`${turns} turns after onnx.serve has begun to load the server's code, a program can require nbserve`, () => {
    const script = `const { onnx } = require('nbserve/onnx');
      const served = onnx.serve('/nowhere').catch(({ code }) => code);
      (function wait(turns) {
        if (turns > 0) return setImmediate(wait, turns - 1);
        require('nbserve/host');
        served.then((code) => console.log(typeof require('nbserve').serve.run, code));
      })(${turns});`;
    const cwd = fileURLToPath(new URL('../..', import.meta.url));
    const { stdout, stderr } = spawnSync(process.execPath, ['-e', script], { cwd, encoding: 'utf8' });
    assert.equal(stdout, 'function NBS_OIP_NO_MODELS\n', stderr);
  });
