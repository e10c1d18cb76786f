/** A reporter for Node's test runner: one line of JSON for each test that begins or ends. */
export default async function* events(source) {
  for await (const { type, data } of source) {
    if (!['test:dequeue', 'test:pass', 'test:fail'].includes(type)) continue;
    const { name, nesting, skip, todo, details } = data;
    const isSuite = details?.type === 'suite';
    const isBranch = details?.error?.failureType === 'subtestsFailed';
    yield `${JSON.stringify({ type, name, nesting, isSuite, isBranch, isSkipped: skip !== undefined || todo !== undefined })}\n`;
  }
}
