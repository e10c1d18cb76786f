type Fields = Readonly<Record<string, unknown>>;

/**
 * The difference between two values of a topic, as JSON. It is sent in place of the whole value, which may have a megabyte.
 * If a field is a plain object, it is treated as a table: only the entries that changed are sent.
 */
export interface FeedChange {
  readonly fields: Fields;
  readonly entries: Readonly<Record<string, Fields>>;
  /** Names of the fields, and of the entries of each field, that were removed. */
  readonly gone: { readonly fields: readonly string[]; readonly entries: Readonly<Record<string, readonly string[]>> };
}

/**
 * Compares by identity, so publishers keep the objects that did not change. An object that is equal but not identical is sent again.
 * @returns `null` if one of the values is not a plain object; then the whole value must be sent
 */
export function changeBetween(before: unknown, after: unknown): FeedChange | null {
  if (!isTable(before) || !isTable(after)) return null;
  const fields: [string, unknown][] = [];
  const entries: [string, Fields][] = [];
  const goneEntries: [string, readonly string[]][] = [];
  const known = new Map(Object.entries(before));
  for (const [name, value] of Object.entries(after)) {
    const old = known.get(name);
    if (known.has(name) && value === old) continue;
    if (!isTable(value) || !isTable(old)) {
      fields.push([name, value]);
      continue;
    }
    const table = differences(old, value);
    entries.push([name, table.changed]);
    if (table.gone.length > 0) goneEntries.push([name, table.gone]);
  }
  const gone = [...known.keys()].filter((name) => !Object.hasOwn(after, name));
  return {
    fields: Object.fromEntries(fields),
    entries: Object.fromEntries(entries),
    gone: { fields: gone, entries: Object.fromEntries(goneEntries) },
  };
}

function differences(before: Fields, after: Fields): { readonly changed: Fields; readonly gone: readonly string[] } {
  const known = new Map(Object.entries(before));
  const changed = Object.entries(after).filter(([key, entry]) => !known.has(key) || entry !== known.get(key));
  return { changed: Object.fromEntries(changed), gone: [...known.keys()].filter((key) => !Object.hasOwn(after, key)) };
}

/** Applies the change to `before`. Parts that did not change are the same objects as before. */
export function withChange(before: unknown, { fields, entries, gone }: FeedChange): unknown {
  const after = merged(before as Fields, fields, gone.fields);
  const tables = Object.entries(entries).map(([name, changed]) => {
    const goneEntries = Object.hasOwn(gone.entries, name) ? gone.entries[name] : undefined;
    return [name, merged(after[name] as Fields, changed, goneEntries ?? [])] as const;
  });
  return { ...after, ...Object.fromEntries(tables) };
}

function merged(before: Fields, changed: Fields, gone: readonly string[]): Fields {
  const all = { ...before, ...changed };
  if (gone.length === 0) return all;
  const left = new Set(gone);
  return Object.fromEntries(Object.entries(all).filter(([key]) => !left.has(key)));
}

function isTable(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
