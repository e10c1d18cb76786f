/** Lines of the same text that are shown around a difference. */
const CONTEXT = 2;
/** Characters of a line that are shown. */
const WIDTH = 160;
/** Lines of one difference that are shown. */
const MAX_LINES = 60;
/** The table of a comparison has at most this many fields. Larger texts are compared without it. */
const MAX_TABLE = 4_000_000;

type Mark = ' ' | '-' | '+';
interface DiffLine {
  readonly mark: Mark;
  readonly text: string;
}

/**
 * The lines that differ, as `diff -u` shows them: `- expected`, `+ got`, and some lines around them.
 * @param isSame says whether two lines count as the same
 */
export function diffTexts(
  expected: string,
  got: string,
  isSame: (a: string, b: string) => boolean = (a, b) => a === b,
): readonly string[] {
  const lines = diffLines(expected.split('\n'), got.split('\n'), isSame);
  const shown = lines.map((_, i) => lines.slice(Math.max(0, i - CONTEXT), i + CONTEXT + 1).some(({ mark }) => mark !== ' '));
  const texts: string[] = [];
  for (const [i, { mark, text }] of lines.entries()) {
    if (shown[i] === true) texts.push(`${mark} ${clip(text, partnerOf(lines, i))}`);
    else if (shown[i - 1] === true || i === 0) texts.push('  …');
  }
  // The end of the last line is no line to show.
  if (texts.at(-1) === '  ') texts.pop();
  if (texts.length <= MAX_LINES) return texts;
  return [...texts.slice(0, MAX_LINES), `  … and ${texts.length - MAX_LINES} lines more`];
}

function diffLines(a: readonly string[], b: readonly string[], isSame: (a: string, b: string) => boolean): DiffLine[] {
  let start = 0;
  while (start < a.length && start < b.length && isSame(a[start] as string, b[start] as string)) start += 1;
  let [endA, endB] = [a.length, b.length];
  while (endA > start && endB > start && isSame(a[endA - 1] as string, b[endB - 1] as string)) {
    endA -= 1;
    endB -= 1;
  }
  const same = (text: string): DiffLine => ({ mark: ' ', text });
  return [
    ...a.slice(0, start).map(same),
    ...middle(a.slice(start, endA), b.slice(start, endB), isSame),
    ...a.slice(endA).map(same),
  ];
}

/** The shortest difference, by the table of the longest common subsequences. */
function middle(a: readonly string[], b: readonly string[], isSame: (a: string, b: string) => boolean): DiffLine[] {
  const width = b.length + 1;
  const lines: DiffLine[] = [];
  let [i, j] = [0, 0];
  if ((a.length + 1) * width <= MAX_TABLE) {
    const common = new Uint32Array((a.length + 1) * width);
    const at = (x: number, y: number): number => common[x * width + y] as number;
    for (let x = a.length - 1; x >= 0; x -= 1)
      for (let y = b.length - 1; y >= 0; y -= 1)
        common[x * width + y] = isSame(a[x] as string, b[y] as string)
          ? at(x + 1, y + 1) + 1
          : Math.max(at(x + 1, y), at(x, y + 1));
    while (i < a.length && j < b.length) {
      if (isSame(a[i] as string, b[j] as string)) {
        lines.push({ mark: ' ', text: a[i] as string });
        i += 1;
        j += 1;
      } else if (at(i + 1, j) >= at(i, j + 1)) {
        lines.push({ mark: '-', text: a[i] as string });
        i += 1;
      } else {
        lines.push({ mark: '+', text: b[j] as string });
        j += 1;
      }
    }
  }
  for (const text of a.slice(i)) lines.push({ mark: '-', text });
  for (const text of b.slice(j)) lines.push({ mark: '+', text });
  return lines;
}

/** The line that replaces this one, or that this one replaces. */
function partnerOf(lines: readonly DiffLine[], i: number): string | undefined {
  const { mark } = lines[i] as DiffLine;
  const other = mark === '-' ? lines[i + 1] : lines[i - 1];
  return mark === ' ' || other === undefined || other.mark === mark || other.mark === ' ' ? undefined : other.text;
}

/** The part of a long line that contains the first difference. */
function clip(text: string, partner: string | undefined): string {
  if (text.length <= WIDTH) return text;
  let first = 0;
  while (partner !== undefined && first < text.length && text[first] === partner[first]) first += 1;
  const start = Math.max(0, Math.min(first - WIDTH / 2, text.length - WIDTH));
  return `${start === 0 ? '' : '…'}${text.slice(start, start + WIDTH)}${start + WIDTH < text.length ? '…' : ''}`;
}
