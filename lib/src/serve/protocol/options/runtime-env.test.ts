import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isNbserveError } from '../../../core/index.js';
import { parseRuntimeEnv } from './runtime-env.js';

const refused = (option: string, value: unknown): void =>
  assert.throws(
    () => parseRuntimeEnv({ [option]: value }),
    (error) => isNbserveError(error) && error.code === 'NBS_INVALID_OPTION' && error.details.option === option,
    `${option}: ${JSON.stringify(value)}`,
  );

describe('npm', () => {
  it('takes a list, an object or a file, in any order', () => {
    const packages = { dependencies: { '@scope/a.b': '^1.0.0 || 2.x', 'left-pad': '1.3.0' } };
    assert.deepEqual(parseRuntimeEnv({ npm: ['left-pad@1.3.0', '@scope/a.b@^1.0.0 || 2.x'] }).npm, packages);
    assert.deepEqual(parseRuntimeEnv({ npm: packages.dependencies }).npm, packages);
    assert.deepEqual(parseRuntimeEnv({ npm: ['JSONStream', '@a/b'] }).npm, {
      dependencies: { '@a/b': 'latest', JSONStream: 'latest' },
    });
    assert.deepEqual(parseRuntimeEnv({ npm: '../package.json' }).npm, { dependencies: {}, file: '../package.json' });
    assert.deepEqual(parseRuntimeEnv({ npm: { old: 'npm:left-pad@1.3.0', new: 'npm:@a/b' } }).npm, {
      dependencies: { new: 'npm:@a/b', old: 'npm:left-pad@1.3.0' },
    });
    assert.deepEqual(parseRuntimeEnv({ npm: [] }), {});
  });

  it('takes nothing that npm would read as a flag, a path or a URL', () => {
    const names = [
      '--global',
      '-g',
      '',
      '.',
      '..',
      './here',
      '/etc',
      '~/x',
      'a b',
      'a;b',
      'a/b',
      '@a',
      '@/a',
      '@a/',
      '_a',
      'x'.repeat(215),
      '__proto__',
      'a\n',
    ];
    for (const name of names) refused('npm', { [name]: '1.0.0' });
    for (const entry of [...names, 'a@', 'left-pad@1 --force;', 'a@1@2']) if (!/^@a$/.test(entry)) refused('npm', [entry]);
    const ranges = [
      '',
      '.',
      '..',
      './x',
      '../x',
      '~/x',
      '/x',
      'file:x',
      'file:../x',
      'link:x',
      'workspace:*',
      'owner/name',
      'github:owner/name',
      'git+ssh://git@x/y',
      'git://x/y',
      'http://x/y.tgz',
      'x.tgz',
      'x.tar.gz',
      'X.TGZ',
      'npm:',
      'npm:./x',
      'npm:a@./x',
      'npm:a@file:x',
      'C:x',
      '1\n2',
      '$(id)',
      '`id`',
      '1;id',
    ];
    for (const range of ranges) refused('npm', { a: range });
    for (const value of [
      1,
      true,
      null,
      [1],
      [['a']],
      { a: 1 },
      { a: null },
      'left-pad',
      'x/package.jsonx',
      'mypackage.json',
      ['a', 'a@1'],
    ])
      refused('npm', value);
  });
});

describe('nodeFlags', () => {
  it('takes flags of Node and limits of V8', () => {
    const flags = [
      '--max-old-space-size=512',
      '--max_semi_space_size=16',
      '--expose-gc',
      '--stack-size=2000',
      '--import=./first.mjs',
      '--no-warnings',
    ];
    assert.deepEqual(parseRuntimeEnv({ nodeFlags: flags }).nodeFlags, flags);
    assert.deepEqual(parseRuntimeEnv({ nodeFlags: [] }), {});
  });

  it('takes none that runs something else, opens a port or is not a flag', () => {
    for (const flag of [
      '--inspect',
      '--inspect=0.0.0.0:1',
      '--inspect-brk',
      '--inspect_brk',
      '--inspect-port=1',
      '--debug-port=1',
      '--eval=1',
      '-e',
      '-r',
      '-',
      '--',
      '',
      'file.js',
      '--print',
      '--check',
      '--test',
      '--test-only',
      '--watch',
      '--watch-path=.',
      '--run=x',
      '--version',
      '--help',
      '--permission',
      '--experimental-permission',
      '--env-file=.env',
      '--input-type=module',
      '--no-such-flag',
      '--prof-process',
      '--snapshot-blob=x',
      ' --expose-gc',
      '--expose-gc --inspect',
      1,
    ])
      refused('nodeFlags', [flag]);
    for (const value of ['--expose-gc', {}, 1, null]) refused('nodeFlags', value);
  });
});

describe('paths', () => {
  it('are texts', () => {
    assert.deepEqual(parseRuntimeEnv({ workingDir: '.', envFile: '/a/.env' }), { workingDir: '.', envFile: '/a/.env' });
    for (const option of ['workingDir', 'envFile']) for (const value of ['', 1, null, ['a'], 'a\0b']) refused(option, value);
  });

  it('says which options there are', () => {
    assert.throws(
      () => parseRuntimeEnv({ pip: ['x'] }),
      /unknown option pip; the options are npm, workingDir, nodeFlags, envFile/,
    );
  });
});
