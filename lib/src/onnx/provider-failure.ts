import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import type { Device } from './types.js';

/** A model with one node, `y = Neg(x)`. */
const TINY = 'CAgSB25ic2VydmU6OQoSCgF4EgF5GgVOZWdfMCIDTmVnEgF0Wg8KAXgSCgoICAESBAoCCAFiDwoBeRIKCggIARIECgIIAUIECgAQEQ==';
const SCRIPT = `const ort = require(process.argv[1]); ort.env.logLevel = 'error';
ort.InferenceSession.create(Buffer.from(process.argv[3], 'base64'), { executionProviders: [process.argv[2]], logSeverityLevel: 3 }).catch(() => {});`;
const TIMEOUT_MS = 20_000;

/**
 * What ONNX Runtime and the driver write to stderr when this device's provider is loaded: only there they say why it fails, such as which library is
 * missing. Another process does it, because native code writes to the stderr of the whole process, and may end it.
 * @returns '' if they write nothing
 */
export function nativeReason(device: Device): Promise<string> {
  const runtime = createRequire(import.meta.url).resolve('onnxruntime-node');
  const args = ['-e', SCRIPT, runtime, device, TINY];
  return new Promise((resolve) => {
    execFile(process.execPath, args, { timeout: TIMEOUT_MS }, (_error, _stdout, stderr) => resolve(shorten(stderr)));
  });
}

/** What helps, if the reason is one that `nbserve setup cuda` mends. */
export function remedyOf(device: Device, native: string): string {
  if (device !== 'cuda' || !/\.so\b.*cannot open shared object file/.test(native)) return '';
  return '; npx nbserve setup cuda installs the libraries that are missing, and prints the line that sets LD_LIBRARY_PATH, with which the process must be started';
}

/** Leaves out colours, times and places in the runtime's source, which help nobody. */
export function shorten(stderr: string): string {
  const lines = stderr.split('\n').flatMap((line) => {
    const text = line
      // biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with one
      .replace(/\u001b\[[\d;]*m/g, '')
      .replace(/^[\d-]+ [\d:.]+ \[\w:onnxruntime:[^\]]*\] /, '')
      .replace(/^\/\S+\.(cc|cpp|h):\d+ .*?(?=\[ONNXRuntimeError\])/, '')
      .replace(/^\[ONNXRuntimeError\] : \d+ : \w+ : /, '')
      .trim();
    return text === '' || /^at .*\.(cpp|cc|h):\d+\)$/.test(text) ? [] : [text];
  });
  return [...new Set(lines)].join('; ').slice(0, 1000);
}
