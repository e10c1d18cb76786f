import { inspect } from 'node:util';
import { beginningOf } from '../core/index.js';
import type { Row, SchemaColumn } from './types.js';

/** The most characters of one cell. */
const CELL = 40;

const fitting = (text: string): string => (text.length > CELL ? `${beginningOf(text, CELL - 1)}…` : text);

function cellText(value: unknown): string {
  const text =
    value instanceof Date
      ? value.toISOString()
      : ArrayBuffer.isView(value)
        ? `${value.constructor.name}(${(value as Uint8Array).length})`
        : typeof value === 'string'
          ? value.replaceAll('\n', '⏎')
          : value === null || value === undefined
            ? 'null'
            : inspect(value, { breakLength: Number.POSITIVE_INFINITY, depth: 2, maxArrayLength: 8 });
  return fitting(text);
}

/** The rows as text, with the types of the columns in the second line. */
export function textTable(schema: readonly SchemaColumn[], rows: readonly Row[], note = ''): string {
  const lines = [
    schema.map(({ name }) => name),
    schema.map(({ type }) => fitting(type)),
    ...rows.map((row) => schema.map(({ name }) => cellText(row[name]))),
  ];
  const widths = schema.map((_, i) => Math.max(...lines.map((line) => line[i]?.length ?? 0)));
  const texts = lines.map((line) =>
    line
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  const rule = widths.map((width) => '─'.repeat(width)).join('  ');
  return [...texts.slice(0, 2), rule, ...texts.slice(2), ...(note === '' ? [] : [`(${note})`])].join('\n');
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

function htmlTable(schema: readonly SchemaColumn[], rows: readonly Row[], note: string): string {
  const head = schema.map(({ name, type }) => `<th>${escaped(name)}<br><small>${escaped(type)}</small></th>`).join('');
  const body = rows
    .map((row) => `<tr>${schema.map(({ name }) => `<td>${escaped(cellText(row[name]))}</td>`).join('')}</tr>`)
    .join('');
  const caption = note === '' ? '' : `<p><small>${escaped(note)}</small></p>`;
  return `<table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table>${caption}`;
}

/** What a notebook shows: at most `max` rows, and a note if there are more. */
export function shownTable(schema: readonly SchemaColumn[], first: readonly Row[], max: number): Record<string, string> {
  const rows = first.slice(0, max);
  const note = first.length <= max ? '' : `the first ${max} rows`;
  return { 'text/html': htmlTable(schema, rows, note), 'text/plain': textTable(schema, rows, note) };
}
