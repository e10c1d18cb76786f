// Pieces of Markdown.

export const cell = (text) =>
  text
    .replaceAll('\n', '<br>')
    .replaceAll('|', '\\|')
    // In a code span, Markdown shows an entity as it is written.
    .replaceAll(/`[^`]*`|<(?!br>)/g, (found) => (found === '<' ? '&lt;' : found));
export const table = (head, rows) => [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
/** A value in backticks if it is code; words without change. */
export const code = (text) => (/^['"[{\d-]|^(null|true|false)$/.test(text) ? `\`${cell(text)}\`` : cell(text));
