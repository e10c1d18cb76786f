/**
 * Reads the answers on one connection as a strict client does.
 * @param {string} text all bytes that came, as latin1
 * @returns {{ status: number, head: string, body: string, isWhole: boolean, fault: string | null }[]} `fault` says why such a client would stop reading after the answer
 */
export function readAnswers(text) {
  const answers = [];
  let at = 0;
  while (at < text.length) {
    const end = text.indexOf('\r\n\r\n', at);
    const head = end < 0 ? text.slice(at) : text.slice(at, end);
    const [line, ...lines] = head.split('\r\n');
    const status = Number(/^HTTP\/1\.1 ([1-9]\d\d) [\x20-\x7e]*$/.exec(line)?.[1] ?? Number.NaN);
    if (Number.isNaN(status))
      return [
        ...answers,
        broken(head, end < 0 && 'HTTP/1.1 '.startsWith(head.slice(0, 9)) ? null : `no status line: ${line.slice(0, 60)}`),
      ];
    const odd = lines.find((one) => !/^[\w!#$%&'*+\-.^`|~]+: ?[\t\x20-\x7e\x80-\xff]*$/.test(one));
    if (end < 0) return [...answers, broken(head, null)];
    if (odd !== undefined) return [...answers, broken(head, `no header: ${odd.slice(0, 60)}`)];
    const { body, next, isWhole, fault } = readBody(text, end + 4, status, lines);
    // 100 and other informational answers come before the answer.
    if (status >= 200) answers.push({ status, head, body, isWhole, fault });
    if (fault !== null || !isWhole) return answers;
    at = next;
  }
  return answers;
}

const broken = (head, fault) => ({ status: 0, head, body: '', isWhole: false, fault });

function readBody(text, from, status, lines) {
  if (status < 200 || status === 204 || status === 304) return { body: '', next: from, isWhole: true, fault: null };
  const valuesOf = (name) =>
    lines.filter((line) => line.toLowerCase().startsWith(`${name}:`)).map((line) => line.slice(name.length + 1).trim());
  const lengths = valuesOf('content-length');
  const codings = valuesOf('transfer-encoding');
  if (lengths.length + codings.length > 1) return { body: '', next: from, isWhole: false, fault: 'two lengths' };
  if (codings.length === 1) return readChunks(text, from);
  if (lengths.length === 0) return { body: text.slice(from), next: text.length, isWhole: true, fault: null };
  if (!/^\d+$/.test(lengths[0])) return { body: '', next: from, isWhole: false, fault: 'a length that is none' };
  const next = from + Number(lengths[0]);
  return { body: text.slice(from, next), next, isWhole: text.length >= next, fault: null };
}

function readChunks(text, from) {
  let body = '';
  for (let at = from; ; ) {
    const end = text.indexOf('\r\n', at);
    if (end < 0) return { body, next: at, isWhole: false, fault: null };
    const size = text.slice(at, end);
    if (!/^[\da-f]+$/i.test(size)) return { body, next: at, isWhole: false, fault: `no chunk: ${size.slice(0, 60)}` };
    const length = Number.parseInt(size, 16);
    const next = end + 2 + length;
    if (text.length < next + 2) return { body: body + text.slice(end + 2), next, isWhole: false, fault: null };
    if (text.slice(next, next + 2) !== '\r\n') return { body, next, isWhole: false, fault: 'a chunk of another length' };
    body += text.slice(end + 2, next);
    at = next + 2;
    if (length === 0) return { body, next: at, isWhole: true, fault: null };
  }
}
