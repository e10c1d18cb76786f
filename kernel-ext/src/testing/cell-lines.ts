/** The lines of a notebook's file, from 1, in which the lines of its cells' sources are; one list for each cell. */
export function cellLines(text: string): readonly (readonly number[])[] {
  const cells: number[][] = [];
  /** The containers around the present place, with the key or index of what is read. */
  const path: { readonly list: boolean; key: string | number }[] = [];
  let line = 1;
  let isKey = false;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    const top = path.at(-1);
    switch (char) {
      case '\n':
        line += 1;
        break;
      case '{':
      case '[':
        path.push({ list: char === '[', key: 0 });
        isKey = char === '{';
        break;
      case '}':
      case ']':
        path.pop();
        break;
      case ',':
        if (top?.list === true) top.key = (top.key as number) + 1;
        else isKey = true;
        break;
      case '"': {
        const end = endOfString(text, at);
        if (isKey && top !== undefined) {
          top.key = text.slice(at + 1, end);
          isKey = false;
        } else if (path[0]?.key === 'cells' && path[2]?.key === 'source' && path.length <= 4) {
          const cell = path[1]?.key as number;
          cells[cell] = [...(cells[cell] ?? []), line];
        }
        at = end;
        break;
      }
      default:
        break;
    }
  }
  return Array.from(cells, (lines) => lines ?? []);
}

function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let slashes = 0;
    while (text[end - 1 - slashes] === '\\') slashes += 1;
    if (slashes % 2 === 0) return end;
  }
  return text.length;
}
