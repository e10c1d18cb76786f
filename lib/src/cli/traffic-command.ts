import { formatTraffic, setTraffic, type TrafficStatus, trafficOf } from '../host/index.js';
import { ADDRESS_OPTIONS, joinCluster } from './cluster.js';
import { BadUsage, type Command, parseCommand } from './command.js';

const USAGE =
  'nbserve traffic <route prefix> [<version>=<weight>]… [--sticky header|cookie|query:<name>] [--mirror <version>[=<share>]] [--undo] [--json] [--address <folder>]';

export const trafficCommand: Command = {
  name: 'traffic',
  summary: 'split the requests of a route between versions, or show the split',
  help: `${USAGE}

  <version>=<weight>  names of applications, or their versions, with their shares of the requests, e.g. v1=0.9 v2=0.1; without
                      any, the command shows the current split
  --sticky            requests with the same header, cookie or query parameter go to the same version, e.g. cookie:session
  --mirror            a version that gets copies of requests, all or a share, e.g. v3=0.5
  --undo              remove the split, so that the route leads again to the application that was run with it
  --json              print the split as JSON
  --address           the cluster's folder, if several run; nbserve status lists them`,
  async run(args) {
    const text = { type: 'string' } as const;
    const flag = { type: 'boolean' } as const;
    const options = { sticky: text, mirror: text, undo: flag, json: flag, ...ADDRESS_OPTIONS };
    const { values, positionals } = parseCommand(USAGE, args, options, [1, Number.POSITIVE_INFINITY]);
    const [prefix, ...pairs] = positionals as [string, ...string[]];
    const weights = pairs.map((pair) => splitPair(pair, 'a version and its weight, e.g. v1=0.9'));
    const isChange = weights.length > 0 || values.undo === true;
    if (values.undo === true && weights.length > 0) throw BadUsage({ problem: '--undo takes no weights', usage: USAGE });
    if (!isChange && (values.sticky ?? values.mirror) !== undefined)
      throw BadUsage({ problem: '--sticky and --mirror go with weights, e.g. v1=0.9 v2=0.1', usage: USAGE });
    const client = await joinCluster(values);
    try {
      const stickyBy = values.sticky === undefined ? undefined : stickyOf(values.sticky);
      const mirror = values.mirror === undefined ? undefined : mirrorOf(values.mirror);
      const status = isChange
        ? await setTraffic(client, prefix, values.undo === true ? null : Object.fromEntries(weights), {
            ...(stickyBy === undefined ? {} : { stickyBy }),
            ...(mirror === undefined ? {} : { mirror }),
          })
        : await trafficOf(client, prefix);
      show(prefix, status, values.json === true);
    } finally {
      await client.close();
    }
    return 0;
  },
};

function show(prefix: string, status: TrafficStatus | null, asJson: boolean): void {
  if (asJson) console.log(JSON.stringify(status, null, 2));
  else if (status === null) console.log(`${prefix}: not split`);
  else console.log(formatTraffic({ [prefix]: status }).join('\n'));
}

function splitPair(text: string, expected: string): [string, number] {
  const equals = text.lastIndexOf('=');
  const weight = Number(text.slice(equals + 1));
  if (equals <= 0 || equals === text.length - 1 || !Number.isFinite(weight))
    throw BadUsage({ problem: `${text} is not ${expected}`, usage: USAGE });
  return [text.slice(0, equals), weight];
}

function stickyOf(text: string) {
  const colon = text.indexOf(':');
  const [kind, name] = [text.slice(0, colon), text.slice(colon + 1)];
  if (name !== '' && kind === 'header') return { header: name };
  if (name !== '' && kind === 'cookie') return { cookie: name };
  if (name !== '' && kind === 'query') return { query: name };
  throw BadUsage({ problem: `--sticky takes header:<name>, cookie:<name> or query:<name>, not ${text}`, usage: USAGE });
}

function mirrorOf(text: string): string | { app: string; share: number } {
  if (!text.includes('=')) return text;
  const [app, share] = splitPair(text, 'a version and a share, e.g. v3=0.5');
  return { app, share };
}
