/** A part of a path, decoded. A part whose escapes are wrong stands for itself: it is a name that nothing has. */
export function decodedPart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
