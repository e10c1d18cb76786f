import assert from 'node:assert/strict';
import type { OptionSpec } from './schema.js';

/** The text of each option must say when to set it, and each option must have a default that the docs can show, unless it is required. */
export function assertDocs(groups: Readonly<Record<string, object>>): void {
  for (const [group, options] of Object.entries(groups)) {
    for (const [name, spec] of Object.entries(options) as [string, OptionSpec<unknown>][]) {
      assert.match(spec.doc, /\b([Ss]et it|Raise it|Lower it)\b/, `${group}.${name}: when to set it`);
      const hasDefault = spec.isRequired === true || spec.default !== undefined || spec.defaultText !== undefined;
      assert.ok(hasDefault, `${group}.${name}: its default`);
    }
  }
}
