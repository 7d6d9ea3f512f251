// Holds the first page to its budgets: what index.html loads before anything else, gzipped.

import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';

const BUDGET_KIB = { js: 220, css: 25 };

const html = await readFile('dist/index.html', 'utf8');
const totals = { js: 0, css: 0 };
for (const [, file, kind] of html.matchAll(/(?:src|href)="\/app\/([^"]+\.(js|css))"/g)) {
  totals[kind] += gzipSync(await readFile(`dist/${file}`), { level: 9 }).length / 1024;
}
let failed = false;
for (const [kind, budget] of Object.entries(BUDGET_KIB)) {
  const over = totals[kind] > budget;
  failed ||= over;
  console.log(`${kind}: ${totals[kind].toFixed(1)} KiB of ${budget}${over ? ', too much' : ''}`);
}
process.exitCode = failed ? 1 : 0;
