type Fields = Readonly<Record<string, unknown>>;

/**
 * What changed between two values of a topic: goes over the wire in place of the whole value, which may be a megabyte. JSON.
 * Fields that are plain objects are tables: of those only the entries that changed.
 */
export interface FeedChange {
  readonly fields: Fields;
  readonly entries: Readonly<Record<string, Fields>>;
  /** Names of fields, and of entries by field, that are no longer there. */
  readonly gone: { readonly fields: readonly string[]; readonly entries: Readonly<Record<string, readonly string[]>> };
}

/**
 * Compares by identity: whoever publishes keeps the objects that did not change. One that is equal but another object is sent again.
 * @returns `null` where one of them is no plain object, and the whole value has to be sent
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

/** The value after the change. What did not change is the same object as before. */
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
