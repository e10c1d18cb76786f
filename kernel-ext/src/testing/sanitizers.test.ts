import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { namedSanitizers, readSanitizers, sanitize } from './sanitizers.js';

for (const [name, text, sanitized] of [
  ['date', 'at 2026-11-29T02:08:12.345Z, 2026-11-29 02:08 and 2026-11-29', 'at DATE, DATE and DATE'],
  ['duration', 'took 12 ms, 0.3s, 5 minutes; 7 apples', 'took DURATION, DURATION, DURATION; 7 apples'],
  ['duration', '12.5 \u00b5s and 12.5 \u03bcs \u00b1 3 ns', 'DURATION and DURATION \u00b1 DURATION'],
  ['uuid', 'id 0b6e1f5e-3d2c-4b1a-9f8e-7d6c5b4a3f2e.', 'id UUID.'],
  ['port', 'http://127.0.0.1:41233/a and localhost:8000', 'http://127.0.0.1:PORT/a and localhost:PORT'],
  ['path', "open '/home/me/a.txt', /tmp/x; a/tmp/b", "open 'PATH', PATH; a/tmp/b"],
  ['pid', 'pid 4711 and PID: 12', 'PID and PID'],
  ['pid', '(node:4711) Warning: x (see node:4711)', '(node:PID) Warning: x (see node:4711)'],
  ['replica', '(Talker#ab12) hello (not#1 this)', '(Talker#ID) hello (not#1 this)'],
] as const)
  it(`${name} is replaced`, () => assert.equal(sanitize(text, namedSanitizers(name)), sanitized));

it('a file of nbval is understood', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'nbserve-sanitizers-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'sanitize.cfg');
  writeFileSync(file, '# for us\n[memory]\nregex: (\\d+) (Mi|Gi)B\nreplace: \\2 $1\n\n[gone]\nregex = (?m)^x$\nreplace =\n');
  assert.equal(sanitize('12 MiB\nx\nxx', readSanitizers(file)), 'Mi $1\n\nxx');
  for (const [regex, replace, text, sanitized] of [
    ['(?P<n>\\d+) MiB', '\\g<n>0 M', '12 MiB', '120 M'],
    ['(\\d+) MiB', '\\g<1>0 M', '12 MiB', '120 M'],
    ['(?P<q>["\']).*?(?P=q)', 'TEXT', `a "it's" b`, 'a TEXT b'],
    ['(?i)mib', '[\\g<0>]', '12 MiB', '12 [MiB]'],
    ['\\Aa|b\\Z', 'X', 'a\na b\nb', 'X\na b\nX'],
    ['^a$', 'X', 'a\na', 'a\na'],
    ['[$]a$', 'X', '$a\n$a\n', '$a\nX\n'],
  ] as const) {
    writeFileSync(file, `[x]\nregex: ${regex}\nreplace: ${replace}\n`);
    assert.equal(sanitize(text, readSanitizers(file)), sanitized, regex);
  }
  // As in nbval, names are not needed, and one may stand above several pairs.
  writeFileSync(file, 'regex: a\nreplace: 1\n[two]\nregex: b\nreplace: 2\n\nregex: c\nreplace: 3\n');
  assert.equal(sanitize('abcd', readSanitizers(file)), '123d');
  for (const [text, said] of [
    ['regex: a\n', /regex: in .*:1 is no sanitizer: it needs/],
    ['replace: a\n', /:1 is no sanitizer: replace: stands below its regex:/],
    ['[b]\n[a]\nregex: a\nreplace: b\n', /\[b\] in .*:1 is no sanitizer: it needs/],
    ['[a]\nwhat\n', /:2 is no sanitizer/],
    ['[a]\nregex: a\n', /\[a\] in .*:2 is no sanitizer: it needs/],
    ['[a]\nregex: (\nreplace: b\n', /\[a\] in .*Invalid regular expression/],
  ] as const) {
    writeFileSync(file, text);
    assert.throws(() => readSanitizers(file), said);
  }
  assert.throws(() => readSanitizers(join(folder, 'missing')), /missing is no sanitizer: there is no such file/);
});
