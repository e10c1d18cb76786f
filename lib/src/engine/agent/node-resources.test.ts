import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { divide } from './node-resources.js';

describe('divide', () => {
  it('gives one node the machine’s resources, or the declared ones', () => {
    const machine = { cpu: 8, memory: 1000, gpus: ['0', '1'] };
    assert.deepEqual(divide(machine, [{}]), [{ ...machine, custom: {} }]);
    assert.deepEqual(divide(machine, [{ cpu: 2, gpu: 0, memory: 5, custom: { a: 1 } }]), [
      { cpu: 2, gpus: [], memory: 5, custom: { a: 1 } },
    ]);
  });

  it('gives several nodes equal parts, and GPUs as whole ones', () => {
    const nodes = divide({ cpu: 4, memory: 999, gpus: ['4', '5', '6'] }, [{}, { cpu: 16 }]);
    assert.deepEqual(nodes, [
      { cpu: 2, memory: 499, gpus: ['4', '5'], custom: {} },
      { cpu: 16, memory: 499, gpus: ['6'], custom: {} },
    ]);
  });

  it('gives declared GPUs the names of existing ones, and new names beyond them', () => {
    const gpusOf = (gpus: string[], declared: (number | undefined)[]) =>
      divide(
        { cpu: 1, memory: 1, gpus },
        declared.map((gpu) => (gpu === undefined ? {} : { gpu })),
      ).map((node) => node.gpus);
    assert.deepEqual(gpusOf([], [2, 1]), [['0', '1'], ['2']]);
    assert.deepEqual(gpusOf(['2', '1'], [3, 2]), [
      ['2', '1', '0'],
      ['3', '4'],
    ]);
    assert.deepEqual(gpusOf(['0', '1', '2'], [undefined, 1, undefined]), [['1'], ['0'], ['2']]);
  });

  it('never gives one GPU to two nodes, and gives every GPU away if a node takes the rest', () => {
    const anyDeclared = fc.array(fc.option(fc.nat(4), { nil: undefined }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(9).map(String)), anyDeclared, (gpus, declared) => {
        const nodes = divide(
          { cpu: 1, memory: 1, gpus },
          declared.map((gpu) => (gpu === undefined ? {} : { gpu })),
        );
        const given = nodes.flatMap((node) => node.gpus);
        assert.equal(new Set(given).size, given.length);
        for (const [i, count] of declared.entries()) if (count !== undefined) assert.equal(nodes[i]?.gpus.length, count);
        if (declared.includes(undefined)) for (const gpu of gpus) assert.ok(given.includes(gpu));
      }),
    );
  });
});
