/** `@serve.delete('/items/:id')` */
const DELETE = /@([A-Za-z_$][\w$]*)\.delete(\(\s*(?:'\/[^'\n]*'|"\/[^"\n]*"|`\/[^`\n]*`)\s*\))/g;

/** The standard's grammar has any word behind the dot of a decorator; esbuild takes those that are no keyword, unless brackets are around them. */
export const bracketDeleteDecorators = (source: string): string =>
  source.includes('.delete') ? source.replace(DELETE, '@($1.delete$2)') : source;
