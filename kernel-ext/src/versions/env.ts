/** `NBSERVE_TYPES`: with `tslab`, tslab's TypeScript 5.0 checks the cells instead of TypeScript 7. */
export const typesEnv = (): string | undefined => process.env.NBSERVE_TYPES;
