/** Tests of `nbserve lab`: with the real JupyterLab, and on machines that lack something. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { after, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from './fixtures/ports.js';

const NBSERVE = fileURLToPath(new URL('../../lib/bin/nbserve.js', import.meta.url));

const root = mkdtempSync(join(tmpdir(), 'nbs-lab-'));
after(() => rmSync(root, { recursive: true, force: true }));

async function until<T>(find: () => T | undefined | false): Promise<T> {
  for (;;) {
    const found = find();
    if (found !== undefined && found !== false) return found;
    await delay(20);
  }
}

describe('nbserve lab', () => {
  it('makes kernels listen at places that no other user can reach, and leaves nothing behind', async (t) => {
    const python = process.env.NBSERVE_TEST_PYTHON;
    if (python === undefined) return t.diagnostic('JupyterLab not asked: NBSERVE_TEST_PYTHON is not set');
    // Its path is short: below a longer one, nbserve would put the sockets elsewhere.
    const [port, temporary] = [await freePort(), mkdtempSync('/tmp/nbl-')];
    t.after(() => rmSync(temporary, { recursive: true }));
    const env = {
      ...process.env,
      PATH: [dirname(python), process.env.PATH].join(delimiter),
      TMPDIR: temporary,
      HOME: root,
      JUPYTER_CONFIG_DIR: join(root, 'config'),
    };
    const options = [
      '--no-browser',
      `--ServerApp.port=${port}`,
      '--IdentityProvider.token=secret',
      '--allow-root',
      `--ServerApp.root_dir=${root}`,
    ];
    const lab = spawn(process.execPath, [NBSERVE, 'lab', ...options], { env, stdio: ['ignore', 'ignore', 'pipe'] });
    t.after(() => lab.kill('SIGKILL'));
    let said = '';
    lab.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    await until(() => said.includes(`:${port}/lab`));
    const answer = await fetch(`http://127.0.0.1:${port}/api/kernels?token=secret`, {
      method: 'POST',
      body: JSON.stringify({ name: 'nbserve' }),
    });
    assert.equal(answer.status, 201, await answer.text());

    const [folder] = readdirSync(temporary).filter((name) => name.startsWith('nbserve-lab-'));
    const runtime = join(temporary, folder as string, 'r');
    assert.equal(statSync(join(temporary, folder as string)).mode & 0o077, 0);
    const file = join(runtime, await until(() => readdirSync(runtime).find((name) => /^kernel-.*\.json$/.test(name))));
    const { transport, ip, shell_port: shell } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
    assert.equal(transport, 'ipc');
    await until(() => existsSync(`${ip}-${shell}`) && statSync(`${ip}-${shell}`).isSocket());
    const script = `
from jupyter_client import BlockingKernelClient
client = BlockingKernelClient(connection_file=${JSON.stringify(file)}); client.load_connection_file(); client.start_channels()
client.wait_for_ready(); client.execute_interactive('console.log(6 * 7)')`;
    const ran = spawnSync(python, ['-c', script], { encoding: 'utf8' });
    assert.equal(ran.stdout.trim(), '42', ran.stderr);

    lab.kill('SIGTERM');
    await until(() => lab.exitCode !== null || lab.signalCode !== null);
    assert.deepEqual(readdirSync(temporary), []);
  });
});

describe('nbserve lab without a Jupyter', () => {
  let count = 0;
  /** Runs it with a `python3` on the PATH that is this shell script, or without one. */
  const lab = (python?: string) => {
    const home = join(root, `home-${++count}`);
    const bin = join(home, 'bin');
    mkdirSync(bin, { recursive: true });
    if (python !== undefined) {
      writeFileSync(join(bin, 'python3'), `#!/bin/sh\n${python}\n`);
      chmodSync(join(bin, 'python3'), 0o755);
    }
    for (const tool of ['sh', 'mkdir', 'cat', 'chmod']) {
      writeFileSync(join(bin, tool), `#!/bin/sh\nexec /bin/${tool} "$@"\n`);
      chmodSync(join(bin, tool), 0o755);
    }
    const env = { HOME: home, PATH: bin, NBSERVE_CACHE: join(home, 'cache') };
    const run = spawnSync(process.execPath, [NBSERVE, 'lab'], { env, encoding: 'utf8' });
    return { ...run, kept: existsSync(join(home, 'cache', 'jupyter')) };
  };
  const VERSION = 'case "$2" in "import sys"*) echo 3.11; exit;; esac';
  // Debian's message, on stdout.
  const DEBIAN = `${VERSION}
echo "The virtual environment was not created successfully because ensurepip is not"
echo "available.  On Debian/Ubuntu systems, you need to install the python3-venv"
echo "package using the following command."
exit 1`;
  const pip = (said: string) => `${VERSION}
mkdir -p "$3/bin"
cat > "$3/bin/python" <<'EOF'
#!/bin/sh
${said}
exit 1
EOF
chmod +x "$3/bin/python"`;

  for (const [what, python, expected] of [
    ['no python3', undefined, /^NBS_NO_PYTHON: .*no python3 on the PATH; notebooks also run without Python/m],
    ['an old one', 'echo 3.8', /^NBS_NO_PYTHON: .*Python 3\.9 or newer: the python3 on the PATH is 3\.8/m],
    ['one that does not run', 'echo "no such module" >&2; exit 1', /^NBS_NO_PYTHON: .*python3 does not run: no such module/m],
    [
      "Debian's without python3-venv",
      DEBIAN,
      /^NBS_NO_VENV: Python 3\.11 .*sudo apt install python3-venv \(or python3\.11-venv\)/m,
    ],
    [
      'one whose module venv is missing',
      `${VERSION}; echo "/usr/bin/python3: No module named venv" >&2; exit 1`,
      /^NBS_NO_VENV/m,
    ],
    [
      'a full disk',
      `${VERSION}; echo "Error: [Errno 28] No space left on device" >&2; exit 1`,
      /^NBS_PYTHON_INSTALL: python3 -m venv failed, .*No space left on device/m,
    ],
    [
      'no network',
      pip('echo "ERROR: No matching distribution found for jupyterlab" >&2'),
      /^NBS_PYTHON_INSTALL: pip install jupyterlab failed, .*No matching distribution.*index reachable/m,
    ],
  ] as const) {
    it(`says what is missing: ${what}`, () => {
      const { stderr, status, kept } = lab(python);
      assert.match(stderr, expected);
      assert.equal(status, 1);
      assert.ok(!kept, 'what is half done must not be taken for an installation');
      assert.doesNotMatch(stderr, /\n\s+at /);
    });
  }
});
