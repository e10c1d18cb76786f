/** `NBSERVE_TYPES`: if it is `tslab`, the TypeScript 5.0 of tslab checks the cells of notebooks instead of TypeScript 7. */
export const typesEnv = (): string | undefined => process.env.NBSERVE_TYPES;
