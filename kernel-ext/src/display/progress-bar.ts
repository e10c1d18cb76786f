import type { Progress } from 'nbserve/basics';
import { displayTarget, newDisplayId } from './target.js';

/** A bar is drawn at most this often. */
const REDRAW_MS = 100;

/**
 * A bar below the cell, which changes in its place. Front ends without HTML, and programs that read the notebook, get the text.
 * When the work has ended, only the text remains.
 */
export function progressBar(name: string): Progress {
  const id = newDisplayId();
  // The cell that begins the work, also if another one runs later.
  const output = displayTarget();
  let drawnAt = 0;
  const show = (part: number | null | 'ended', text: string): void => {
    const line = `${name}: ${text}`;
    const bar = part === 'ended' ? '' : `<progress${part === null ? '' : ` value="${part}"`} style="width:16em"></progress> `;
    const html = `<div style="font-family:var(--jp-code-font-family,monospace);font-size:var(--jp-code-font-size,13px)">${bar}${escaped(line)}</div>`;
    const update = drawnAt > 0;
    drawnAt = Date.now();
    output?.display(
      { data: { 'text/html': html, 'text/plain': line }, metadata: {} },
      update ? { displayId: id, update } : { displayId: id },
    );
  };
  return {
    update(part, text) {
      if (Date.now() - drawnAt >= REDRAW_MS || part === 1) show(part, text);
    },
    end: (text) => show('ended', text),
  };
}

const escaped = (text: string): string => text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);
