// Pieces of Markdown.

export const cell = (text) => text.replaceAll('\n', '<br>').replaceAll('|', '\\|').replaceAll(/<(?!br>)/g, '&lt;');
export const table = (head, rows) => [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
/** A value of code in backticks; words as they are. */
export const code = (text) => (/^['"[{\d-]|^(null|true|false)$/.test(text) ? `\`${cell(text)}\`` : cell(text));
