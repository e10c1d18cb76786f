/** The parts of the Debug Adapter Protocol that Jupyter's messages carry. */
export interface DapRequest {
  readonly seq: number;
  readonly command: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

export interface DapResponse {
  readonly type: 'response';
  readonly seq: number;
  readonly request_seq: number;
  readonly command: string;
  readonly success: boolean;
  readonly message?: string;
  readonly body: object;
}

export interface DapEvent {
  readonly type: 'event';
  readonly seq: number;
  readonly event: string;
  readonly body: object;
}

/** A request that cannot be answered: the text is the response's message. */
export class DebugRefusal extends Error {}

export interface SourceBreakpoint {
  /** From 1. */
  readonly line: number;
  readonly condition?: string;
}

/** Reads the content of a `debug_request`. Strangers cannot send one, but a client may send anything. */
export function readRequest(content: Readonly<Record<string, unknown>>): DapRequest {
  const { seq, command, arguments: given } = content;
  return {
    seq: typeof seq === 'number' ? seq : 0,
    command: typeof command === 'string' ? command : '',
    arguments: typeof given === 'object' && given !== null ? (given as Record<string, unknown>) : {},
  };
}

/** @throws DebugRefusal if the argument is missing */
export function textOf(request: DapRequest, name: string): string {
  const value = request.arguments[name];
  if (typeof value !== 'string') throw new DebugRefusal(`${request.command} needs a string \`${name}\``);
  return value;
}

/** @throws DebugRefusal if the argument is missing */
export function numberOf(request: DapRequest, name: string): number {
  const value = request.arguments[name];
  if (typeof value !== 'number') throw new DebugRefusal(`${request.command} needs a number \`${name}\``);
  return value;
}

/** @throws DebugRefusal if the source has no path */
export function pathOf(request: DapRequest): string {
  const { path } = (request.arguments.source ?? {}) as { path?: unknown };
  if (typeof path !== 'string') throw new DebugRefusal(`${request.command} needs a \`source\` with a string \`path\``);
  return path;
}

/** @throws DebugRefusal if a filter is not known */
export function filtersOf(request: DapRequest, known: readonly string[]): ReadonlySet<unknown> {
  const given = request.arguments.filters ?? [];
  if (!Array.isArray(given) || !given.every((one) => known.includes(one as string))) {
    throw new DebugRefusal(`${request.command} needs \`filters\`, a list of ${known.join(', ')}`);
  }
  return new Set<unknown>(given);
}

export function breakpointsOf(request: DapRequest): SourceBreakpoint[] {
  const given = request.arguments.breakpoints;
  if (given === undefined) return [];
  const isRight = (one: unknown): one is SourceBreakpoint =>
    typeof one === 'object' && one !== null && typeof (one as SourceBreakpoint).line === 'number';
  if (!Array.isArray(given) || !given.every(isRight)) {
    throw new DebugRefusal('setBreakpoints needs `breakpoints`, a list of objects with a number `line`');
  }
  return given.map(({ line, condition }) => ({
    line,
    ...(typeof condition === 'string' && condition !== '' && { condition }),
  }));
}
