import { type JsonSchema, resolved } from '../class-schema.js';

type Defs = Readonly<Record<string, JsonSchema>>;

const SCALARS = new Set(['string', 'number', 'integer', 'boolean', 'null']);

/** Tells whether each value of the type can be written as a text in a URL. @param orList whether the parameter may be repeated and be a list */
export function isTextual(schema: JsonSchema, defs: Defs, orList: boolean): boolean {
  const whole = resolved(schema, defs);
  if (whole.format === 'binary') return false;
  if (Array.isArray(whole.enum) || 'const' in whole) return true;
  const unions = (whole.anyOf ?? whole.oneOf) as readonly JsonSchema[] | undefined;
  if (unions !== undefined) return unions.every((one) => isTextual(one, defs, orList));
  if (whole.type === 'array') {
    const { prefixItems = [], items = {} } = whole as { prefixItems?: readonly JsonSchema[]; items?: JsonSchema | false };
    const all = items === false ? prefixItems : [...prefixItems, items];
    return orList && all.every((one) => isTextual(one, defs, false));
  }
  const types = Array.isArray(whole.type) ? (whole.type as readonly string[]) : [whole.type];
  return types.every((type) => typeof type === 'string' && SCALARS.has(type));
}
