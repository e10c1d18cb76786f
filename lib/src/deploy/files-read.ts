/** The files that were read before a deploy failed, by its error. */
const read = new WeakMap<object, readonly string[]>();

/** Notes the files in which a change may mend the error, unless they are known. @returns the error */
export function noteFilesRead(error: unknown, files: readonly string[]): unknown {
  if (typeof error === 'object' && error !== null && !read.has(error)) read.set(error, files);
  return error;
}

/** The files in which a change may mend the error, as far as they are known. */
export const filesReadBefore = (error: unknown): readonly string[] =>
  typeof error === 'object' && error !== null ? (read.get(error) ?? []) : [];
