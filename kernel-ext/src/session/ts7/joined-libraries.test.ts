import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { typescriptProgram } from '../../versions/index.js';
import { JoinedLibraries } from './joined-libraries.js';

const program = typescriptProgram();
const folder = dirname(program ?? '');
const fileOf = (name: string): string => join(folder, `lib.${name}.d.ts`);
const MISSING = program === undefined && 'there is no TypeScript 7 for this platform';

describe('JoinedLibraries', { skip: MISSING }, () => {
  it('puts every declaration into the file that is asked for first, once', () => {
    const libraries = new JoinedLibraries(['es2023', 'esnext.disposable']);
    const text = libraries.textOf(fileOf('es2023')) ?? '';
    for (const name of ['es5', 'es2015.promise', 'es2023.array', 'esnext.disposable', 'decorators']) {
      const own = readFileSync(fileOf(name), 'utf8');
      assert.equal(text.split(own).length, 2, name);
      assert.equal(libraries.textOf(fileOf(name)), '', name);
    }
    assert.equal([...libraries.files].length, new Set(libraries.files).size);
  });

  it('has the text again for a server that starts anew', () => {
    const libraries = new JoinedLibraries(['ES2023']);
    const text = libraries.textOf(fileOf('es2023'));
    assert.equal(libraries.textOf(fileOf('es5')), '');
    assert.equal(libraries.textOf(fileOf('es2023')), text);
  });

  it('leaves the server the files that the project does not name, large ones, and other files', () => {
    const libraries = new JoinedLibraries(['dom', 'es2022']);
    assert.equal(libraries.textOf(fileOf('dom')), undefined);
    assert.equal(libraries.textOf(fileOf('es2023.array')), undefined);
    assert.match(libraries.textOf(fileOf('es2022')) ?? '', /interface Promise</);
    assert.equal(libraries.textOf(join(folder, '..', 'package.json')), undefined);
  });

  it('leaves modules by themselves, whatever library the project names', () => {
    const names = readdirSync(folder).flatMap((file) => /^lib\.(es[^/]*)\.d\.ts$/.exec(file)?.[1] ?? []);
    for (const name of names) {
      const libraries = new JoinedLibraries([name]);
      libraries.prepare();
      const [first = ''] = libraries.files;
      assert.doesNotMatch(libraries.textOf(first) ?? '', /^export\b/m, name);
    }
    const libraries = new JoinedLibraries(['es2024', 'es2025.iterator']);
    assert.equal(libraries.textOf(fileOf('es2025.iterator')), undefined);
    assert.match(libraries.textOf(fileOf('es2024')) ?? '', /interface Promise</);
    // The server finds it although no library at the top of the joined file refers to it.
    assert.match(
      new JoinedLibraries(['es2025']).textOf(fileOf('es2025')) ?? '',
      /^\/\/\/ <reference lib="es2025\.iterator" \/>\n/,
    );
  });

  it('uses the files that TypeScript uses for its other names', () => {
    const libraries = new JoinedLibraries(['es6', 'esnext.symbol']);
    assert.equal(libraries.textOf(fileOf('es6')), undefined);
    assert.match(libraries.textOf(fileOf('es2015')) ?? '', /interface Promise</);
  });

  it('joins nothing if the project names nothing that can be joined', () => {
    for (const chosen of [['dom'], ['es2016.full'], ['no-such-library'], []]) {
      const libraries = new JoinedLibraries(chosen);
      for (const name of ['es5', 'es2016', 'es2016.full']) assert.equal(libraries.textOf(fileOf(name)), undefined, chosen.join());
    }
  });
});
