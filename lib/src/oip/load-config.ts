import { isRecord } from '../core/index.js';
import { BadInference, InvalidModelConfig } from './errors.js';
import { fromPlain, type TritonConfig } from './triton-config.js';

/** The configuration goes to another process as an argument, whose length is limited. */
const MAX_CONFIG_CHARACTERS = 32 * 1024;
/** Names the configuration in messages. */
export const LOAD_SOURCE = 'the parameter config of the load';

/**
 * Reads the parameters of a load, as HTTP and gRPC bring them.
 * @returns the configuration as JSON; `undefined` if there is none
 * @throws NBS_OIP_BAD_REQUEST
 */
export function configOfLoad(parameters: unknown): string | undefined {
  if (parameters === undefined || parameters === null) return undefined;
  if (!isRecord(parameters)) throw BadInference({ reason: 'the parameters of a load must be an object' });
  const { config, ...others } = parameters;
  const [other] = Object.keys(others);
  if (other !== undefined)
    throw BadInference({
      reason: `a load has the parameter ${JSON.stringify(other.slice(0, 60))}; only config is supported, and the files of a model are those in its folder`,
    });
  if (config === undefined) return undefined;
  const text = isRecord(config) ? config.stringParam : config;
  if (typeof text !== 'string' || text.length > MAX_CONFIG_CHARACTERS)
    throw BadInference({ reason: `config must be a text of JSON with at most ${MAX_CONFIG_CHARACTERS} characters` });
  return text;
}

/** @throws NBS_OIP_CONFIG */
export function readLoadConfig(text: string, name: string): TritonConfig {
  try {
    const fields: unknown = JSON.parse(text);
    if (!isRecord(fields)) throw new Error('it must be a JSON object with the field names of config.pbtxt');
    const config = fromPlain(fields);
    if (config.name !== undefined && config.name !== name)
      throw new Error(`its name is ${config.name}, and the model is ${name}`);
    return config;
  } catch (error) {
    throw InvalidModelConfig({ file: LOAD_SOURCE, reason: (error as Error).message }, error);
  }
}
