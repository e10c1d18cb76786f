/** Whether an IP address is one at which only this machine can be reached. */
export const isLoopback = (ip: string): boolean => ip.startsWith('127.') || ip === '::1';

/** Whether an IP address stands for all addresses of a machine, to which nobody can connect: `0.0.0.0` and `::`, in every spelling. */
export const isUnspecified = (ip: string): boolean => /^[0:.]+$/.test(ip);
