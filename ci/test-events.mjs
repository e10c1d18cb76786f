/** A reporter for Node's test runner: one line of JSON for each test that begins or ends, with the error of a test that failed. */
export default async function* events(source) {
  for await (const { type, data } of source) {
    if (!['test:dequeue', 'test:pass', 'test:fail'].includes(type)) continue;
    const { name, nesting, skip, todo, details } = data;
    const isSuite = details?.type === 'suite';
    const isBranch = details?.error?.failureType === 'subtestsFailed';
    // The runner wraps what a test threw.
    const cause = details?.error?.cause;
    const error = type === 'test:fail' ? String(cause?.stack ?? cause ?? details?.error) : undefined;
    const isSkipped = skip !== undefined || todo !== undefined;
    yield `${JSON.stringify({ type, name, nesting, isSuite, isBranch, isSkipped, reason: skip ?? todo, error })}\n`;
  }
}
