import { onnx } from '../onnx/public/index.js';
import { type Command, parseCommand } from './command.js';

const USAGE = 'nbserve doctor [--json]';

export const doctorCommand: Command = {
  name: 'doctor',
  summary: 'show on which devices models run here, whether their answers are right, and how fast they are',
  help: `${USAGE}

  --json   print the report as JSON

It lists the GPUs and the driver of NVIDIA, loads a model on each device, compares its answers with those of the CPU, and measures its speed.
Each device is checked in a process of its own, so that a driver that crashes or hangs is reported too. It takes less than three minutes.
The exit code is 1 if the CPU cannot run models, or if a device computes wrong answers.`,
  async run(args) {
    const { values } = parseCommand(USAGE, args, { json: { type: 'boolean', default: false } }, [0, 0]);
    const diagnosis = await onnx.diagnose();
    console.log(values.json ? JSON.stringify(diagnosis, null, 2) : String(diagnosis));
    const isWrong = ({ device, works, agrees }: onnx.DeviceDiagnosis): boolean =>
      agrees === false || (device === 'cpu' && !works);
    return diagnosis.devices.some(isWrong) ? 1 : 0;
  },
};
