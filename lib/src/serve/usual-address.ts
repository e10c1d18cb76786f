/** The address at which HTTP is answered by default. gRPC is answered at the same host by default. */
export const USUAL_ADDRESS = { host: '127.0.0.1', port: 'auto' } as const;
