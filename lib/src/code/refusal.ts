/** Why a value cannot be sent. The code that catches it knows who uses the value. */
export class Refusal extends Error {
  constructor(
    /** The path from the variable to the value, e.g. `.items[3].conn`. */
    readonly path: string,
    /** A sentence without its full stop: `a Socket cannot be sent; create it in the constructor`. */
    readonly reason: string,
  ) {
    super(reason);
  }
}

/** `a Socket`, `an Agent`. */
function withArticle(noun: string): string {
  return `${/^[aeiou]/i.test(noun) && !/^(uni|use|eu)/i.test(noun) ? 'an' : 'a'} ${noun}`;
}

/** Says what to do about a value that only its own process can use. */
export function inConstructor(noun: string): string {
  const advice = /Deployment/.test(noun)
    ? 'pass it to bind(), and a handle to it arrives in the constructor'
    : 'create it in the constructor';
  return `${withArticle(noun)} cannot be sent; ${advice}`;
}
