import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KernelMissing } from './errors.js';
import { isKernelMissing, whyNot } from './kernel-command.js';

test('the package of the kernel is missing if it is not found itself, and not if one that it needs is not found', () => {
  const failed = (message: string) => Object.assign(new Error(message), { code: 'ERR_MODULE_NOT_FOUND' });
  const from = 'imported from /app/node_modules/nbserve/dist/cli/main.js';
  assert.ok(isKernelMissing(failed(`Cannot find package 'nbserve-kernel' ${from}`)));
  assert.ok(isKernelMissing(failed(`Cannot find module '/app/node_modules/nbserve-kernel/dist/commands.js' ${from}`)));
  const inside = 'imported from /app/node_modules/nbserve-kernel/dist/commands.js';
  assert.ok(!isKernelMissing(failed(`Cannot find package 'zeromq' ${inside}`)));
  assert.ok(!isKernelMissing(failed(`Cannot find module '/app/node_modules/nbserve-kernel/dist/wire/index.js' ${inside}`)));
  assert.ok(!isKernelMissing(new Error("Cannot find package 'nbserve-kernel'")));
});

test("Node's own message for a package that is not there has that form", async () => {
  const specifier = 'nbserve-kernel-of-nobody';
  const error = await import(specifier).then(assert.fail, (reason: unknown) => reason as Error & { code: string });
  assert.equal(error.code, 'ERR_MODULE_NOT_FOUND');
  assert.match(error.message, /^Cannot find package 'nbserve-kernel-of-nobody' imported from /);
});

test('the list of commands says of a broken package what is broken, and asks for the package only if it is missing', () => {
  assert.equal(whyNot(KernelMissing({ command: 'lab' })), 'needs nbserve-kernel');
  const broken = new Error("Cannot find package 'zeromq' imported from /app/x.js\nDid you mean to import something else?");
  assert.equal(whyNot(broken), "does not work: Cannot find package 'zeromq' imported from /app/x.js");
});
