/** `NBSERVE_CACHE`: where what was fetched once is kept. */
export const cacheHome = (): string | undefined => process.env.NBSERVE_CACHE;

/** The environment of a JupyterLab that also looks into `dataDir` for kernels. */
export const labEnvironment = (dataDir: string): Record<string, string | undefined> => ({
  ...process.env,
  JUPYTER_PATH: [dataDir, process.env.JUPYTER_PATH].filter(Boolean).join(':'),
});
