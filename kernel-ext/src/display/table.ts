import { types } from 'node:util';

const MAX_ROWS = 50;
const MAX_COLUMNS = 20;

/** A table, if every element is an object of simple values and there are few names; else undefined. */
export function tableOf(rows: readonly unknown[]): string | undefined {
  if (types.isProxy(rows)) return undefined;
  const columns = new Set<string>();
  for (const row of rows.slice(0, MAX_ROWS)) {
    if (typeof row !== 'object' || row === null || types.isProxy(row)) return undefined;
    if (![Object.prototype, null].includes(Object.getPrototypeOf(row))) return undefined;
    for (const name of Object.keys(row)) {
      // A getter is code, which may fail or change something. The text does not call it either.
      const property = Object.getOwnPropertyDescriptor(row, name);
      if (property === undefined || !('value' in property)) return undefined;
      const value: unknown = property.value;
      if (typeof value === 'object' && value !== null && !(value instanceof Date)) return undefined;
      columns.add(name);
    }
    if (columns.size > MAX_COLUMNS) return undefined;
  }
  if (columns.size === 0) return undefined;
  const names = [...columns];
  const cells = (row: unknown): string =>
    names.map((name) => `<td>${escaped((row as Record<string, unknown>)[name])}</td>`).join('');
  const body = rows.slice(0, MAX_ROWS).map((row, i) => `<tr><th>${i}</th>${cells(row)}</tr>`);
  const more = rows.length > MAX_ROWS ? `<p>${rows.length - MAX_ROWS} more rows</p>` : '';
  return `<table><thead><tr><th></th>${names.map((name) => `<th>${escaped(name)}</th>`).join('')}</tr></thead><tbody>${body.join('')}</tbody></table>${more}`;
}

function escaped(value: unknown): string {
  const text = value === undefined ? '' : value instanceof Date ? dateText(value) : String(value);
  return text.replace(/[&<>]/g, (character) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[character] ?? character);
}

const dateText = (date: Date): string => (Number.isNaN(date.getTime()) ? String(date) : date.toISOString());
