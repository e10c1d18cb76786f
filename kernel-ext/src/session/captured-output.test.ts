import assert from 'node:assert/strict';
import { it } from 'node:test';
import { CapturedOutput, capturing } from './captured-output.js';
import type { Output } from './session.js';

it('what comes after the end of a capture is shown, and changes nothing of what was captured', async () => {
  const shown: unknown[] = [];
  const below: Output = {
    stream: (...print) => void shown.push(print),
    display: (...display) => void shown.push(display),
    clear: (wait) => void shown.push(wait),
  };
  const captured = new CapturedOutput();
  const { output, end } = capturing(captured, below);
  const bundle = { data: { 'text/plain': '1' }, metadata: {} };
  output.stream('stdout', 'lost');
  output.clear(false);
  output.stream('stderr', 'kept');
  output.display(bundle);
  await end();
  output.stream('stdout', 'late');
  output.display(bundle, { displayId: 'd' });
  output.clear(true);
  assert.deepEqual({ ...captured }, { stdout: '', stderr: 'kept', outputs: [bundle] });
  assert.deepEqual(shown, [['stdout', 'late'], [bundle, { displayId: 'd' }], true]);
});
