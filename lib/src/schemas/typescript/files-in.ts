import { isBytes, type JsonSchema, resolved } from '../class-schema.js';

type Defs = Readonly<Record<string, JsonSchema>>;

/** True for a file, which a multipart form or a whole body can carry, and JSON cannot. */
export const isFile = ({ format }: JsonSchema): boolean => format === 'binary';

/** True for a file or a list of files. */
export function isFileField(schema: JsonSchema, defs: Defs): boolean {
  const whole = resolved(schema, defs);
  return isFile(whole) || (whole.type === 'array' && isFile(resolved((whole.items ?? {}) as JsonSchema, defs)));
}

/** True if the schema, or a definition that it refers to, has a file in it. */
export const holdsFile = (schema: JsonSchema, defs: Defs): boolean =>
  JSON.stringify([schema, reached(schema, defs, new Set())]).includes('"format":"binary"');

/** Collects the definitions that a schema refers to, directly or through others. */
function reached(schema: JsonSchema, defs: Defs, seen: Set<string>): readonly JsonSchema[] {
  const names = [...JSON.stringify(schema).matchAll(/"#\/\$defs\/([^"]+)"/g)].map(([, name]) => name as string);
  return names.flatMap((name) => {
    const found = defs[name];
    if (found === undefined || seen.has(name)) return [];
    seen.add(name);
    return [found, ...reached(found, defs, seen)];
  });
}

/** Tags for texts and lists say nothing about bytes: of these, only the number of files in a form is checked. */
export function binaryKind(schema: JsonSchema, defs: Defs): string | undefined {
  if (isBytes(schema)) return 'bytes';
  if (!isFileField(schema, defs)) return undefined;
  return isFile(schema) ? 'a file' : 'files';
}
