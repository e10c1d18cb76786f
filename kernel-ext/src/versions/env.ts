/** `NBSERVE_TYPES`: `tslab` has cells checked by tslab's TypeScript 5.0 instead of TypeScript 7. */
export const typesEnv = (): string | undefined => process.env.NBSERVE_TYPES;
