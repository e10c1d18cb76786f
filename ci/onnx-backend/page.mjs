import { writeFileSync } from 'node:fs';
export function writePage(names, ours, bare) {
  writeFileSync('/tmp/oip-backend.json', JSON.stringify(names.map((n) => [n, ours.get(n), bare.get(n)])));
}
