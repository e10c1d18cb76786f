import { type LoadValues, logLevels, optimizationLevels } from '../options.js';
import type { NativeApi } from './native.js';
import { BesideSession } from './session.js';

/** Makes a session of the C API for the CPU. That too is done on another thread. @throws the runtime's errors */
export async function openBeside(
  api: NativeApi,
  source: string | Uint8Array,
  values: LoadValues,
  entries: Readonly<Record<string, string>>,
): Promise<BesideSession> {
  const { call } = api;
  const options = api.made(call.createOptions);
  try {
    api.check(call.setInterOpThreads(options, values.interOpThreads));
    api.check(call.setLogSeverity(options, logLevels.indexOf(values.logLevel)));
    api.check(call.setOptimization(options, optimizationLevels[values.graphOptimizationLevel]));
    if (!values.memoryArena) api.check(call.disableArena(options));
    if (!values.memoryPattern) api.check(call.disableMemPattern(options));
    if (values.intraOpThreads > 0) api.check(call.setIntraOpThreads(options, values.intraOpThreads));
    for (const [name, value] of Object.entries(entries)) api.check(call.addConfigEntry(options, name, value));
    for (const [name, size] of Object.entries(values.dimensions ?? {})) api.check(call.overrideDimension(options, name, size));
    const session = await (typeof source === 'string'
      ? api.madeBeside(call.createSession, api.environment, source, options)
      : api.madeBeside(call.createSessionFromArray, api.environment, source, source.byteLength, options));
    try {
      return new BesideSession(api, session);
    } catch (error) {
      api.release.session(session);
      throw error;
    }
  } finally {
    api.release.options(options);
  }
}
