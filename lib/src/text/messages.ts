import { isRecord } from '../core/index.js';
import { emptyPrompt, invalidMessages } from './errors.js';

export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

/** A text, which is one message of a user, or the messages of a chat so far. */
export type Prompt = string | readonly ChatMessage[];

const roles = ['system', 'user', 'assistant'];

/**
 * Checks a prompt, which may come from a request, and returns its messages.
 * @throws NBS_PROMPT_EMPTY, NBS_MESSAGES_INVALID
 */
export function toMessages(prompt: unknown): readonly ChatMessage[] {
  if (typeof prompt === 'string') {
    if (prompt.trim() === '') throw emptyPrompt();
    return [{ role: 'user', content: prompt }];
  }
  if (!Array.isArray(prompt)) throw invalidMessages(`got ${prompt === null ? 'null' : `a value of type ${typeof prompt}`}`);
  if (prompt.length === 0) throw emptyPrompt();
  const messages = prompt.map((message: unknown, i): ChatMessage => {
    if (!isRecord(message)) throw invalidMessages(`message ${i} is not an object`);
    const { role, content } = message;
    if (!roles.includes(role as string)) throw invalidMessages(`the role of message ${i} must be one of ${roles.join(', ')}`);
    if (typeof content !== 'string') throw invalidMessages(`the content of message ${i} is not a text`);
    return { role: role as ChatMessage['role'], content };
  });
  if (messages.every(({ content }) => content.trim() === '')) throw emptyPrompt();
  return messages;
}
