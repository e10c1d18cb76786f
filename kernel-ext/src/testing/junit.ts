import { type CellResult, CellStatus, type NotebookResult } from './result.js';

/** The results in JUnit's XML, which CI systems read: a suite for each notebook, a case for each code cell. */
export function junitOf(results: readonly NotebookResult[], seconds: number): string {
  const suites = results.map(suiteOf);
  const sum = (part: (suite: Suite) => number): number => suites.reduce((total, suite) => total + part(suite), 0);
  const attributes = `tests="${sum((suite) => suite.tests)}" failures="${sum((suite) => suite.failures)}" errors="${sum((suite) => suite.errors)}"`;
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="nbserve test" ${attributes} time="${seconds.toFixed(3)}">
${suites.map(({ xml }) => xml).join('\n')}
</testsuites>
`;
}

interface Suite {
  readonly tests: number;
  readonly failures: number;
  readonly errors: number;
  readonly xml: string;
}

function suiteOf({ name, seconds, cells, problem, passed }: NotebookResult): Suite {
  const cases = cells.map((cell) => caseOf(name, cell));
  const failures = cells.filter(({ status }) => status === CellStatus.DIFFERS).length;
  let errors = cells.filter(({ status }) => status === CellStatus.FAILED).length;
  if (problem !== undefined || (!passed && failures + errors === 0)) {
    errors += 1;
    const said = escaped(problem ?? 'the run was stopped').replaceAll('\n', '&#10;');
    cases.unshift(
      `    <testcase classname="${escaped(name)}" name="the notebook" file="${escaped(name)}" time="0"><error message="${said}">${said}</error></testcase>`,
    );
  }
  const skipped = cells.filter(isSkipped).length;
  const counted = `tests="${cases.length}" failures="${failures}" errors="${errors}" skipped="${skipped}"`;
  const xml = `  <testsuite name="${escaped(name)}" ${counted} time="${seconds.toFixed(3)}">\n${cases.join('\n')}\n  </testsuite>`;
  return { tests: cases.length, failures, errors, xml };
}

const NOT_COUNTED: readonly string[] = [CellStatus.SKIPPED, CellStatus.INTERRUPTED, CellStatus.NOT_RUN];

const isSkipped = ({ status }: CellResult): boolean => NOT_COUNTED.includes(status);

function caseOf(notebook: string, cell: CellResult): string {
  const line = cell.line === null ? '' : ` line="${cell.line}"`;
  const open = `    <testcase classname="${escaped(notebook)}" name="${escaped(cell.name)}" file="${escaped(notebook)}"${line} time="${cell.seconds.toFixed(3)}"`;
  if (isSkipped(cell)) return `${open}><skipped message="${cell.status}"/></testcase>`;
  if (cell.status !== CellStatus.DIFFERS && cell.status !== CellStatus.FAILED) return `${open}/>`;
  const tag = cell.status === CellStatus.DIFFERS ? 'failure' : 'error';
  const where = `${notebook}${cell.line === null ? '' : `:${cell.line}`}: ${cell.name}`;
  const text = escaped([where, ...(cell.details ?? [])].join('\n'));
  return `${open}><${tag} message="${escaped(cell.message ?? '').replaceAll('\n', '&#10;')}">${text}</${tag}></testcase>`;
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Characters that XML 1.0 does not allow, also not as entities. */
const FORBIDDEN = /[^\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;

const escaped = (text: string): string =>
  text.replace(FORBIDDEN, '\ufffd').replace(/[&<>"]/g, (char) => ENTITIES[char] as string);
