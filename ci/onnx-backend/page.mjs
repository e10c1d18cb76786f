import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const PAGE = fileURLToPath(new URL('../../lib/docs/onnx-conformance.md', import.meta.url));

/**
 * Why cases fail: the heading, the words for a reader, and how the failure of nbserve begins. The first that fits counts.
 * @type {[string, string, RegExp][]}
 */
const REASONS = [
  [
    'Element types that the Node binding does not have',
    'The JavaScript API of ONNX Runtime has no arrays for bfloat16, float8, float4, int4 and uint4, and without a check an output of int4 ends the process.\nonnx.load refuses such models with `NBS_ONNX_UNSUPPORTED_TYPE` or `NBS_ONNX_UNSUPPORTED_INPUT`.\nEnd or begin the model with a `Cast` to another type.',
    /which the Node binding does not have|UNSUPPORTED_(TYPE|INPUT): .*(int4|float8|float4|bfloat16|float4e2m1)/i,
  ],
  [
    'Sequences and optionals',
    'The JavaScript API of ONNX Runtime has only tensors.\nonnx.load refuses such models with `NBS_ONNX_UNSUPPORTED_TYPE` or `NBS_ONNX_UNSUPPORTED_INPUT`.',
    /is no tensor but|UNSUPPORTED_|Non tensor type/,
  ],
  [
    'Operators that ONNX Runtime does not have on the CPU',
    'ONNX Runtime has no implementation of the operator in this version or for this element type, or it does not know the operator set.',
    /LOAD_FAILED|INVALID_MODEL/,
  ],
  ['Runs that fail', 'ONNX Runtime loads the model, and its run fails.', /RUN_FAILED/],
  [
    'Other answers',
    'The answer of ONNX Runtime differs from the expected one by more than a thousandth (and 1e-7), or has another shape or type.',
    /./,
  ],
];

/** Writes the page from the failures by case; null means that a case passed. */
export function writePage(names, ours, bare) {
  const passed = (found) => names.filter((name) => found.get(name) === null).length;
  const failed = names.filter((name) => ours.get(name) !== null);
  const groups = new Map(REASONS.map((reason) => [reason, []]));
  for (const name of failed) groups.get(REASONS.find(([, , test]) => test.test(ours.get(name)))).push(name);
  const sections = [...groups]
    .filter(([, own]) => own.length > 0)
    .map(
      ([[title, words], own]) =>
        `## ${title}: ${own.length}\n\n${words}\n\n<details><summary>The cases</summary>\n\n${own.map((name) => `- \`${name.replace('/test_', '/')}\``).join('\n')}\n\n</details>\n`,
    );
  const ended = names.filter((name) => bare.get(name)?.startsWith('the process ended')).length;
  writeFileSync(
    PAGE,
    `# ONNX's own tests

<!-- Made by \`npm run onnx-backend -- --write\`. -->

ONNX has [backend tests](https://github.com/onnx/onnx/tree/main/onnx/backend/test): small models with inputs and the expected outputs, for each operator in several versions and element types.
\`npm run onnx-backend\` runs those of the Python package \`onnx\` 1.19.1 through \`onnx.load\` on the CPU, and through onnxruntime-node without nbserve.
\`npm test\` runs a part of them, and fails if a case fails only with nbserve, or if a process ends.

| | passed | of | processes that ended |
|---|---|---|---|
| nbserve | ${passed(ours).toLocaleString('en')} | ${names.length.toLocaleString('en')} | 0 |
| onnxruntime-node alone | ${passed(bare).toLocaleString('en')} | ${names.length.toLocaleString('en')} | ${ended} |

The other ${failed.length} cases fail for these reasons.

${sections.join('\n')}`,
  );
}
