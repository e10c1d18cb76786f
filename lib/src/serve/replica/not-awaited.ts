/**
 * Where a value that becomes JSON holds a promise, e.g. `labels[2].text`; `''` is the value itself, `null` nowhere.
 * A promise becomes `{}` in JSON, without a word.
 * @param text the value as JSON
 */
export function findPromise(value: unknown, text: string): string | null {
  // Most answers hold no empty object and need no second look.
  return text.includes('{}') ? find(value, '') : null;
}

function find(value: unknown, path: string): string | null {
  if (typeof value !== 'object' || value === null) return null;
  if (typeof (value as { then?: unknown }).then === 'function') return path;
  if (typeof (value as { toJSON?: unknown }).toJSON === 'function' || ArrayBuffer.isView(value)) return null;
  for (const [key, item] of Object.entries(value)) {
    const step = Array.isArray(value)
      ? `[${key}]`
      : /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key)
        ? key
        : JSON.stringify(key);
    const found = find(item, path === '' || step.startsWith('[') ? `${path}${step}` : `${path}.${step}`);
    if (found !== null) return found;
  }
  return null;
}
