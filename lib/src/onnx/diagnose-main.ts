/** A process that checks one device: native code of a driver may end it or never return. */
import { checkDevice } from './check-device.js';
import type { Device } from './types.js';

const checked = await checkDevice(process.argv[2] as Device);
// Drivers write to stdout too, so the answer is a line of its own.
process.stdout.write(`\n${JSON.stringify(checked)}\n`, () => process.exit(0));
