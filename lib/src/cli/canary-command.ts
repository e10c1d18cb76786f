import { beginCanary, type CanaryOptions, type CanaryStatus } from '../host/index.js';
import { ADDRESS_OPTIONS, joinCluster } from './cluster.js';
import { type Command, parseCommand } from './command.js';
import { parseNumber } from './options.js';

const USAGE =
  'nbserve canary <route prefix> <version> [--from <version>] [--steps <parts>] [--interval <duration>] [--min-requests <n>] [--max-error-rate <part>] [--max-latency-ratio <n>|none] [--address <folder>]';

/** How often the command looks at the canary. */
const LOOK_MS = 500;

export const canaryCommand: Command = {
  name: 'canary',
  summary: 'try a version on a growing share of the requests, then promote it or roll it back',
  help: `${USAGE}

  <version>            the name of an application, or the version of one
  --from               the version to compare with (default: the one that has the requests now)
  --steps              shares of the requests that it gets, one after the other (default: 0.05,0.25,0.5,1)
  --interval           shortest duration of each step (default: 30s)
  --min-requests       smallest number of its requests in each step (default: 100)
  --max-error-rate     share of its requests that may fail (default: 0.01)
  --max-latency-ratio  highest ratio of its p95 latency to that of the other version (default: 1.5)
  --address            the cluster's folder, if several run; nbserve status lists them

The command prints each step and the result. The exit code is 0 if the version was promoted, and 1 if not. After Ctrl-C the cluster continues
the canary: nbserve status shows it, and nbserve traffic with other weights stops it.`,
  async run(args) {
    const text = { type: 'string' } as const;
    const options = {
      from: text,
      steps: text,
      interval: text,
      'min-requests': text,
      'max-error-rate': text,
      'max-latency-ratio': text,
      ...ADDRESS_OPTIONS,
    };
    const { values, positionals } = parseCommand(USAGE, args, options, [2, 2]);
    const [prefix, to] = positionals as [string, string];
    const client = await joinCluster(values);
    try {
      const canary = await beginCanary(client, prefix, { to, ...canaryOptions(values) });
      let step = -1;
      const look = async (): Promise<void> => {
        const status = await canary.status();
        if (status.step > step && status.state === 'RUNNING') console.log(stepLine(status));
        step = status.step;
      };
      await look();
      const timer = setInterval(() => void look().catch(() => {}), LOOK_MS);
      const { state, message } = await canary.done.finally(() => clearInterval(timer));
      console.log(`${state}: ${message}`);
      return state === 'PROMOTED' ? 0 : 1;
    } finally {
      await client.close();
    }
  },
};

const stepLine = ({ to, from, step, steps, weight }: CanaryStatus): string =>
  `step ${step + 1} of ${steps.length}: ${to} ${Number((weight * 100).toFixed(1))} %, the rest ${from}`;

function canaryOptions(values: { readonly [option: string]: string | undefined }): Omit<CanaryOptions, 'to'> {
  const { from, steps, interval, 'min-requests': minRequests, 'max-error-rate': maxErrorRate } = values;
  const ratio = values['max-latency-ratio'];
  return {
    ...(from === undefined ? {} : { from }),
    ...(steps === undefined ? {} : { steps: steps.split(',').map((step) => numberOf('--steps', step)) }),
    ...(interval === undefined ? {} : { interval: interval as `${number}s` }),
    ...(minRequests === undefined ? {} : { minRequests: numberOf('--min-requests', minRequests) }),
    ...(maxErrorRate === undefined ? {} : { maxErrorRate: numberOf('--max-error-rate', maxErrorRate) }),
    ...(ratio === undefined ? {} : { maxLatencyRatio: ratio === 'none' ? null : numberOf('--max-latency-ratio', ratio) }),
  };
}

const numberOf = (option: string, text: string): number => parseNumber(USAGE, option, text);
