import type { Debugger, Runtime } from 'node:inspector';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Inspector } from './inspector-client.js';
import type { NamedExpressions } from './named-expressions.js';
import { DebugRefusal } from './protocol.js';

type Frame = Debugger.CallFrame;

/** An expression of the client may never end, and the inspector then answers nothing else. An interrupt ends one that is marked. */
export interface EvaluationMarks {
  /** An expression whose value is false while the thread is in the middle of code, which would end with an expression that is ended. */
  readonly isFree: string;
  /** Gives an expression that must be evaluated before the client's. @param isStopped whether the code stands at a breakpoint */
  begin(isStopped: boolean): string;
  /** The client's expression has ended. */
  end(): void;
}

/** What an expression must know of the code. */
export interface CodeState {
  /** The user's frames, innermost first, if the code is stopped. */
  frames(): readonly Frame[];
  /** Why no expression may begin, if that is so. */
  refusal(): string | undefined;
}

/** How long an expression may take if no interrupt can end it. */
const EXPRESSION_MS = 5000;
/** How long an expression waits for the end of the code that the thread runs. No interrupt can end one that is evaluated within code. */
const FREE_MS = 2000;
const POLL_MS = 5;
/** Why an expression is not evaluated. */
export const INTERRUPTED = 'an interrupt came before the expression';

/** The expressions of the debugger's client. They are evaluated one at a time, because the end of one takes away the mark of the one that runs. */
export class ClientExpressions {
  readonly #inspector: Inspector;
  readonly #named: NamedExpressions;
  readonly #marks: EvaluationMarks | undefined;
  readonly #code: CodeState;
  /** The last expression in stopped code, and the last one in code that is not stopped, which may itself come to a breakpoint. */
  readonly #last: Record<'stopped' | 'running', Promise<unknown>> = { stopped: Promise.resolve(), running: Promise.resolve() };
  #interrupts = 0;

  /** @param marks absent if no interrupt ends an expression, which then ends after some seconds */
  constructor(inspector: Inspector, named: NamedExpressions, marks: EvaluationMarks | undefined, code: CodeState) {
    this.#inspector = inspector;
    this.#named = named;
    this.#marks = marks;
    this.#code = code;
  }

  evaluate(expression: string, frame: Frame | undefined): Promise<Runtime.EvaluateReturnType> {
    const kind = frame === undefined ? 'running' : 'stopped';
    const interrupts = this.#interrupts;
    const evaluated = this.#last[kind].then(() => this.#evaluate(expression, frame, interrupts));
    this.#last[kind] = evaluated.catch(() => {});
    return evaluated;
  }

  /** Those that have not begun yet are refused. */
  interrupt(): void {
    this.#interrupts += 1;
  }

  /** Resolves when those have ended that only an interrupt can end. Code that is stopped may itself be that of an expression, for which nobody waits. */
  async ended(): Promise<void> {
    if (this.#marks === undefined) return;
    const isStopped = this.#code.frames().length > 0;
    await Promise.all([this.#last.stopped, isStopped ? undefined : this.#last.running]);
  }

  async #evaluate(expression: string, frame: Frame | undefined, interrupts: number): Promise<Runtime.EvaluateReturnType> {
    const named = await this.#named.expression(expression, frame);
    if (frame === undefined && this.#marks !== undefined) await this.#untilFree(this.#marks.isFree);
    // It may have stopped meanwhile.
    const [top] = this.#code.frames();
    if (frame === undefined && top !== undefined) return this.#evaluate(expression, top, interrupts);
    // It may have continued meanwhile. An expression that is sent after an interrupt would run before the code ends, and nothing would end the expression.
    if (frame !== undefined && !this.#code.frames().includes(frame)) throw new DebugRefusal('the code is not stopped any more');
    const refusal = interrupts === this.#interrupts ? this.#code.refusal() : INTERRUPTED;
    if (refusal !== undefined) throw new DebugRefusal(refusal);
    const marks = this.#marks;
    const timeout = marks === undefined ? EXPRESSION_MS : undefined;
    const options = { expression: named, generatePreview: true, silent: true, ...(timeout !== undefined && { timeout }) };
    if (marks !== undefined) {
      const expression = marks.begin(frame !== undefined);
      void this.#inspector.send('Runtime.evaluate', { expression, silent: true }).catch(() => {});
    }
    try {
      if (frame === undefined) return await this.#inspector.send('Runtime.evaluate', options);
      return await this.#inspector.send('Debugger.evaluateOnCallFrame', { ...options, callFrameId: frame.callFrameId });
    } catch (error) {
      if (timeout === undefined || !isTermination(error)) throw error;
      throw new DebugRefusal(`the expression has not ended within ${timeout / 1000} s`);
    } finally {
      marks?.end();
    }
  }

  /** The code may be the kernel's own, too. */
  async #untilFree(expression: string): Promise<void> {
    const options = { expression, returnByValue: true, silent: true };
    for (const end = performance.now() + FREE_MS; performance.now() < end && this.#code.frames().length === 0; ) {
      const { result } = await this.#inspector.send<Runtime.EvaluateReturnType>('Runtime.evaluate', options);
      if (result.value !== false) return;
      await sleep(POLL_MS);
    }
  }
}

const isTermination = (error: unknown): boolean => error instanceof Error && error.message.includes('Execution was terminated');
