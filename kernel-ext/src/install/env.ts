/** What tells where Jupyter keeps its data: `JUPYTER_DATA_DIR`, `XDG_DATA_HOME`, `APPDATA` (Windows). */
export const dataDirEnv = (): Record<string, string | undefined> => {
  const { JUPYTER_DATA_DIR, XDG_DATA_HOME, APPDATA } = process.env;
  return { JUPYTER_DATA_DIR, XDG_DATA_HOME, APPDATA };
};
