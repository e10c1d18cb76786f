const WHOLE = /^-?\d+$/;
/** Without so many digits in a row, no number loses any. */
const MANY = /\d{16}/;
/** Whole numbers in JSON of so many digits that some may be lost. Texts that hold such numbers may match too. */
const LONG = /(?<=^|[[:,\s])-?\d{16,}(?=[\s,\]}]|$)/g;

/**
 * True for a whole number with other digits than the JavaScript number that is read from it. What JavaScript or another language prints for a number of its
 * own is not meant: `100000000000000000000` is 1e20.
 */
export function losesDigits(text: string): boolean {
  if (!WHOLE.test(text)) return false;
  const read = Number(text);
  if (Number.isSafeInteger(read)) return false;
  return !Number.isFinite(read) || (String(read) !== text && BigInt(read) !== BigInt(text));
}

/** A number that JSON.parse has rounded. */
export interface LostDigits {
  /** The names and indexes that lead to it. */
  readonly path: readonly string[];
  /** As it was sent. */
  readonly digits: string;
}

/** Finds a number of a JSON text that has lost digits in the value that was parsed from it. */
export function lostDigits(text: string, value: unknown): LostDigits | null {
  if (!MANY.test(text)) return null;
  // Most numbers of so many digits are fractions, so the text is searched only if the value has a number that may have lost some.
  let lost: ReadonlyMap<number, string> | undefined;
  // Without recursion and without a path for each part, because the sender decides how deep the value is.
  const open: Part[] = [{ name: '', value, parent: null }];
  for (let part = open.pop(); part !== undefined; part = open.pop()) {
    const { value: here } = part;
    if (typeof here === 'number') {
      lost ??= lostIn(text);
      const digits = lost.get(here);
      if (digits !== undefined) return { path: pathOf(part), digits };
      if (lost.size === 0) return null;
    } else if (Array.isArray(here)) {
      for (let i = 0; i < here.length; i += 1) if (mayHold(here[i])) open.push({ name: i, value: here[i], parent: part });
    } else if (typeof here === 'object' && here !== null) {
      for (const name of Object.keys(here)) {
        const inner = (here as Record<string, unknown>)[name];
        if (mayHold(inner)) open.push({ name, value: inner, parent: part });
      }
    }
  }
  return null;
}

/** The numbers of a text that lose digits: what is read → what was sent. */
function lostIn(text: string): ReadonlyMap<number, string> {
  const lost = new Map<number, string>();
  for (const [digits] of text.matchAll(LONG)) if (losesDigits(digits)) lost.set(Number(digits), digits);
  return lost;
}

interface Part {
  readonly name: string | number;
  readonly value: unknown;
  readonly parent: Part | null;
}

const mayHold = (value: unknown): boolean =>
  typeof value === 'number' ? Math.abs(value) > Number.MAX_SAFE_INTEGER : typeof value === 'object' && value !== null;

function pathOf(part: Part): readonly string[] {
  const names: string[] = [];
  for (let at: Part | null = part; at !== null && at.parent !== null; at = at.parent) names.push(String(at.name));
  return names.reverse();
}
