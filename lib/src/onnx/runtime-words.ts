/** A file of ONNX Runtime's source with its line. */
const PLACE = /\/\S+\.(?:cc|cu|cuh|h|hpp|cpp):\d+ ?/;
/** The same as some errors have it: without a folder, and with the bare name of a function. */
const BARE_PLACE = /(?:\[ONNXRuntimeError\] : \d+ : [A-Z_]+ : )?\b\w+\.(?:cc|cu|cuh|h|hpp|cpp):\d+ \w+ /g;
/** What may follow the parameters of a C++ function. */
const AFTER_PARAMETERS = /^(?:::<lambda\([^)]*\)>|::operator\(\)\([^)]*\)(?: const)?)?(?: const)?(?: \[with [^\]]*\])? ?/;
const CONDITION = /^.{0,400}? was false\. ?/s;
const NODE = /Non-zero status code returned while running (\S+) node\. Name:'([^']*)' Status Message: /g;
const UNPARSED = /(?:Failed to load model because )?protobuf parsing failed\.?/i;

/** A message of ONNX Runtime without its own source: no files, functions and conditions of C++, but the node and the reason. */
export function plainWords(message: string): string {
  let text = message.replace(/^Load model from .*? failed: ?/s, '');
  for (let at = text.search(PLACE); at >= 0; at = text.search(PLACE)) {
    const rest = text.slice(at).replace(PLACE, '');
    text = text.slice(0, at) + withoutFunction(rest).replace(CONDITION, '');
  }
  return text
    .replace(BARE_PLACE, '')
    .replace(NODE, (_, op: string, name: string) => (name === '' ? `in a node ${op}: ` : `in the node ${name} (${op}): `))
    .replace(UNPARSED, 'its bytes are not those of a whole model; the file may be cut, or be something else')
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/:$/, ': a check in ONNX Runtime failed');
}

/** The text after the signature of a C++ function, if it begins with one: such a name has `::` in it. */
function withoutFunction(text: string): string {
  const open = text.indexOf('(');
  if (open < 0 || !text.slice(0, open).includes('::')) return text;
  let depth = 0;
  for (let at = open; at < text.length; at += 1) {
    if (text[at] === '(') depth += 1;
    if (text[at] === ')') depth -= 1;
    if (depth === 0) return text.slice(at + 1).replace(AFTER_PARAMETERS, '');
  }
  return text;
}
