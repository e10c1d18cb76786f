/** `JPY_PARENT_PID`: the process that Jupyter wants the kernel to end with. 0: not said. */
export const parentPid = (): number => Number.parseInt(process.env.JPY_PARENT_PID ?? '', 10) || 0;
