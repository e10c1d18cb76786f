import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ConvertedCell, Converter, Scope } from '../dist/session/converter.js';
import { unmapped } from '../dist/session/mapped-text.js';

/** What every converter must do. `make` returns a new one, whose ambient declarations contain `declare const ambient: { readonly deep: number }`. */
export function converterContract(name: string, make: () => Converter): void {
  describe(`converter contract: ${name}`, () => {
    const converter = make();
    const convert = (scope: Scope, source: string) => converter.convert(scope, { id: 'cell[1].ts', source: unmapped(source) });
    const accepted = (scope: Scope, source: string): ConvertedCell => {
      const converted = convert(scope, source);
      if (!converted.ok) assert.fail(converted.diagnostics.map((one) => one.message).join('\n'));
      return converted;
    };
    const codes = (scope: Scope, source: string): number[] => {
      const converted = convert(scope, source);
      return converted.ok ? [] : converted.diagnostics.map((one) => one.code);
    };

    it('gives code with the names, the result and the scope', () => {
      const cell = accepted('', 'const a = 1; interface I {} function f() {} a');
      assert.deepEqual([...cell.names].sort(), ['a', 'f']);
      assert.ok(cell.hasResult);
      assert.match(cell.code, /^\(async function \(exports, /);
      assert.ok(!accepted(cell.scope, 'const b = a;').hasResult);
    });

    it('carries types, also those without a value, over many cells', () => {
      let { scope } = accepted(
        '',
        'interface Point { x: number } class Shape<T> { items: T[] = []; private hidden = 1 } enum Color { Red } namespace NS { export const q = 1 }',
      );
      scope = accepted(scope, '1').scope;
      scope = accepted(scope, '2').scope;
      assert.deepEqual(codes(scope, 'const p: Point = { x: 1 }; new Shape<string>().items[0]; Color.Red; NS.q'), []);
      assert.deepEqual(codes(scope, 'const p: Point = { x: "1" };'), [2322]);
    });

    it('lets a later cell declare a name anew with another type', () => {
      const first = accepted('', 'const a = 1;');
      const second = accepted(first.scope, 'const a = "text";');
      assert.deepEqual(codes(second.scope, 'a.toUpperCase()'), []);
      assert.deepEqual(codes(second.scope, 'a.toFixed()'), [2551]);
    });

    it('takes the same cell again and again, whether it is accepted or refused', () => {
      let { scope } = accepted('', 'let counter = 1;');
      for (let i = 0; i < 3; i++) scope = accepted(scope, 'let counter = 1;').scope;
      for (let i = 0; i < 3; i++) assert.deepEqual(codes(scope, 'const wrong: number = "x";'), [2322]);
      for (let i = 0; i < 3; i++) scope = accepted(scope, 'counter + 1').scope;
    });

    it('refuses a changed const of an earlier cell', () => {
      assert.deepEqual(codes(accepted('', 'const K = 1;').scope, 'K = 2'), [2588]);
    });

    it('reports offsets of the cell', () => {
      const source = 'const ok = 1;\n  const bad: number = "x";';
      const converted = convert('', source);
      assert.ok(!converted.ok);
      const [only] = converted.diagnostics;
      assert.equal(source.slice(only?.start, only?.end), 'bad');
    });

    it('maps positions of the code to the cell', () => {
      const source = 'type A = { a: number }\n\nconst f = (x: number): number => {\n  throw new Error("here")\n}';
      const cell = accepted('', source);
      const offset = cell.code.indexOf('new Error');
      const before = cell.code.slice(0, offset).split('\n');
      assert.equal(cell.toOriginal(before.length - 1, before.at(-1)?.length ?? 0), source.indexOf('new Error'));
    });

    it('knows TC39 decorators, top-level await and private members of class expressions', () => {
      assert.deepEqual(codes('', 'const m = await Promise.resolve(1); for await (const x of [m]) x.toFixed()'), []);
      assert.deepEqual(
        codes(
          '',
          'function d(m: () => string, context: ClassMethodDecoratorContext) { return m } class C { @d m() { return "" } }',
        ),
        [],
      );
      const { scope } = accepted('', 'const C = class { constructor(private readonly n: number) {} get() { return this.n } };');
      assert.deepEqual(codes(scope, 'new C(1).get().toFixed()'), []);
    });

    it('checks for null, and does not ask for annotations', () => {
      assert.deepEqual(codes('', 'const m = new Map<string, number>(); m.get("a").toFixed()'), [2532]);
      assert.deepEqual(codes('', 'function f(x) { return x } const xs = []; xs.push(1); xs[0].toFixed()'), []);
    });

    it('takes names back that a failed cell did not reach', () => {
      const before = accepted('', 'const a = 1; const keep = 1;').scope;
      const after = accepted(before, 'const a = "new"; const b = 2, c = 3; import * as p from "node:path";').scope;
      const scope = converter.scopeWithout(after, before, new Set(['a', 'c']));
      assert.deepEqual(codes(scope, 'a.toFixed(); b; keep; p.sep'), []);
      assert.deepEqual(codes(scope, 'c'), [2304]);
    });

    it('completes members and names of earlier cells', () => {
      const { scope } = accepted('', 'const longName = { inner: 1 };');
      assert.ok(converter.complete(scope, 'longName.in', 11).names.includes('inner'));
      const { start, end, names } = converter.complete(scope, '1; longN', 8);
      assert.deepEqual([start, end, names[0]], [3, 8, 'longName']);
      assert.ok(converter.complete(scope, 'ambient.', 8).names.includes('deep'));
    });

    it('inspects with documentation', () => {
      const { scope } = accepted('', '/** Adds one. */ function add(x: number) { return x + 1 }');
      assert.deepEqual(converter.inspect(scope, 'add(1)', 1)?.signature, 'function add(x: number): number');
      assert.match(converter.inspect('', '/** Adds one. */ function add() {}\nadd()', 36)?.documentation ?? '', /Adds one/);
      assert.equal(converter.inspect(scope, '   ', 1), undefined);
    });

    it('tells complete, incomplete and invalid cells apart', () => {
      assert.deepEqual(converter.isComplete('1 + 1'), { status: 'complete' });
      assert.deepEqual(converter.isComplete('function f() {'), { status: 'incomplete', indent: '  ' });
      assert.equal(converter.isComplete('`abc').status, 'incomplete');
      assert.deepEqual(converter.isComplete('const = 1'), { status: 'invalid' });
    });

    it('can be disposed of', () => converter.dispose());
  });
}
