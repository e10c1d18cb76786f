import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { TestNotebook } from './session-harness.js';

const FRONT = `
class Front {
  constructor(private readonly all: any[]) {}
  ask() { return Promise.all(this.all.map((one) => one.ask.remote())); }
}
const answers = async (...all: any[]) => {
  const front = await serve.run(serve.deployment(Front).bind(all.map((one) => one.bind())), { name: 'front', routePrefix: null });
  return (await front.ask.remote()).join();
};`;

/** Each deployment runs its own code, whatever it is called. */
describe('deployments of one name in a notebook', () => {
  const notebook = new TestNotebook();
  after(() => notebook.close());

  it('of cells: in one cell, in two, a child of a parent of its name, anonymous ones, several from one place', async () => {
    await notebook.value(FRONT);
    await notebook.value(
      "const Cat = serve.deployment(class { ask() { return 'cat' } }, { name: 'Model' }), Dog = serve.deployment(class { ask() { return 'dog' } }, { name: 'Model' });",
    );
    await notebook.value("class Model { ask() { return 'one' } }\nconst One = serve.deployment(Model);");
    assert.equal(await notebook.value('await answers(Cat, Dog, One)'), "'cat,dog,one'");
    await notebook.value("class Parent { ask() { return 'parent' } }\nconst P = serve.deployment(Parent);");
    await notebook.value(
      "const Before = Parent;\nconst Q = serve.deployment(class Parent extends Before { ask() { return 'child of ' + super.ask() } });",
    );
    assert.equal(await notebook.value('await answers(P, Q)'), "'parent,child of parent'");
    await notebook.value("class Model { ask() { return 'two' } }\nconst Two = serve.deployment(Model);");
    assert.equal(await notebook.value('await answers(Two, Cat)'), "'two,cat'");
    await notebook.value("const same = [0, 1].map(() => serve.deployment(class Model { ask() { return 'same' } }));");
    assert.equal(await notebook.value('await answers(...same, Dog)'), "'same,same,dog'");
  });

  it('of cells, with local variables: refused', async () => {
    await notebook.value(
      "const looped: any[] = [];\nfor (const word of ['a', 'b']) looped.push(serve.deployment(class Model { ask() { return word } }));",
    );
    assert.match(await notebook.failure('await answers(...looped)'), /NBS_CANNOT_SHIP.*word/);
  });

  it('of files that cells import', async () => {
    await notebook.file(
      'one.ts',
      "import { serve } from 'nbserve';\nexport class Model { ask(): string { return 'one'; } }\nexport const One = serve.deployment(Model);\n",
    );
    await notebook.file(
      'two.ts',
      "import { serve } from 'nbserve';\nimport { Model as Base } from './one';\nexport class Model extends Base { override ask(): string { return `two of ${super.ask()}`; } }\nexport const Two = serve.deployment(Model);\nconst made = (word: string) => serve.deployment(class Model { ask(): string { return word; } });\nexport const [A, B] = [made('a'), made('b')];\n",
    );
    await notebook.file(
      'make.ts',
      "import { serve } from 'nbserve';\nexport const make = (word: string) => serve.deployment(class Model { ask(): string { return word; } });\nexport class Plain {}\n",
    );
    await notebook.value("import { One as FileOne } from './one';\nimport { A, B, Two as FileTwo } from './two';");
    assert.equal(await notebook.value('await answers(FileOne, FileTwo, A, B, Cat)'), "'one,two of one,a,b,cat'");
    await notebook.value("import { make } from './make';\nconst Made = make('made');");
    assert.match(await notebook.failure('await answers(Made)'), /NBS_NOT_REPEATABLE[\s\S]*make\.ts/);
    await notebook.value("import { Plain } from './make';\nconst OfImported = serve.deployment(Plain);");
    assert.match(await notebook.failure('await answers(OfImported)'), /NBS_NO_MODULE/);
    await notebook.file(
      'one.ts',
      "import { serve } from 'nbserve';\n\nexport class Model { ask(): string { return 'new one'; } }\nexport const One = serve.deployment(Model);\n",
    );
    assert.match(await notebook.failure('await answers(FileOne)'), /NBS_MODULE_CHANGED/);
    await notebook.value("import { One as NewOne } from './one';");
    assert.equal(await notebook.value('await answers(NewOne)'), "'new one'");
  });
});
