import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { jupyterDataDir } from './data-dir.js';
import { installKernelspec, uninstallKernelspec } from './kernelspec.js';

describe('jupyterDataDir', () => {
  it("follows Jupyter's rules", () => {
    const at = (platform: NodeJS.Platform, env: Record<string, string> = {}): string =>
      jupyterDataDir({}, { platform, home: '/h', env });
    assert.equal(at('linux'), '/h/.local/share/jupyter');
    assert.equal(at('linux', { XDG_DATA_HOME: '/x' }), '/x/jupyter');
    assert.equal(at('darwin', { XDG_DATA_HOME: '/x' }), '/h/Library/Jupyter');
    assert.equal(at('darwin', { JUPYTER_DATA_DIR: '/j' }), '/j');
    assert.equal(
      jupyterDataDir({ prefix: '/opt/v' }, { platform: 'darwin', home: '/h', env: { JUPYTER_DATA_DIR: '/j' } }),
      '/opt/v/share/jupyter',
    );
  });
});

describe('the kernelspec', () => {
  const prefix = mkdtempSync(path.join(tmpdir(), 'nbk-spec-'));
  after(() => rmSync(prefix, { recursive: true }));

  it('is written with absolute paths and logos, replaces an older one, and is removed again', () => {
    installKernelspec({ prefix, displayName: 'old' });
    const folder = installKernelspec({ prefix });
    assert.equal(folder, path.join(prefix, 'share/jupyter/kernels/nbserve'));
    const spec = JSON.parse(readFileSync(path.join(folder, 'kernel.json'), 'utf8'));
    assert.equal(spec.display_name, 'TypeScript (nbserve)');
    assert.equal(spec.interrupt_mode, 'message');
    // JupyterLab enables its debugger by this, and not by what the kernel says of itself.
    assert.deepEqual(spec.metadata, { debugger: true });
    assert.equal(spec.argv[0], process.execPath);
    const main = spec.argv.at(-2);
    assert.ok(path.isAbsolute(main) && existsSync(main), main);
    assert.equal(spec.argv.at(-1), '{connection_file}');
    assert.deepEqual(readdirSync(folder).sort(), ['kernel.json', 'logo-32x32.png', 'logo-64x64.png', 'logo-svg.svg']);
    assert.equal(uninstallKernelspec({ prefix }), folder);
    assert.ok(!existsSync(folder));
    assert.equal(uninstallKernelspec({ prefix }), undefined);
  });

  it('refuses a bad name, a folder that it cannot write, and the removal of another kernel', () => {
    assert.throws(() => installKernelspec({ prefix, name: '../x' }), { code: 'NBS_KERNEL_NAME' });
    writeFileSync(path.join(prefix, 'file'), '');
    assert.throws(() => installKernelspec({ prefix: path.join(prefix, 'file') }), { code: 'NBS_KERNEL_INSTALL' });
    const other = path.join(prefix, 'share/jupyter/kernels/python3');
    mkdirSync(other, { recursive: true });
    writeFileSync(path.join(other, 'kernel.json'), '{"language":"python","argv":["python"]}');
    assert.throws(() => uninstallKernelspec({ prefix, name: 'python3' }), { code: 'NBS_KERNEL_INSTALL' });
    writeFileSync(path.join(other, 'kernel.json'), 'null');
    assert.throws(() => uninstallKernelspec({ prefix, name: 'python3' }), {
      code: 'NBS_KERNEL_INSTALL',
      message: /not nbserve's/,
    });
    writeFileSync(path.join(other, 'kernel.json'), '{"argv":["/usr/bin/no');
    assert.throws(() => uninstallKernelspec({ prefix, name: 'python3' }), {
      code: 'NBS_KERNEL_INSTALL',
      message: /its kernel\.json cannot be read: .*; if it is nbserve's, install it again, or remove the folder$/,
    });
  });
});
