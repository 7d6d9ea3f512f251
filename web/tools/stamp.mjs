// The stamp of the sources, written into dist/.stamp: SHA-256 over their paths and bytes. The crate
// that embeds dist computes the same value (crates/webui/build/stamp.rs); a change here is a change
// there.

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';

const FILES = [
  'index.html',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'vite.config.mjs',
];
const FOLDERS = ['public', 'src', 'tools'];

async function collect(root, folder) {
  if (!existsSync(path.join(root, folder))) return [];
  const entries = await readdir(path.join(root, folder), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory() && !/\.test\.tsx?$/.test(entry.name))
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)))
    .map((name) => name.split(path.sep).join('/'));
}

export async function deriveStamp(root) {
  const paths = FILES.filter((name) => existsSync(path.join(root, name)));
  for (const folder of FOLDERS) paths.push(...(await collect(root, folder)));
  // By bytes, as Rust orders strings.
  paths.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const hash = createHash('sha256');
  for (const name of paths) {
    const bytes = await readFile(path.join(root, name));
    hash.update(`${name}\0${bytes.length}\0`);
    hash.update(bytes);
  }
  return hash.digest('hex');
}

/** Takes the stamp before the build reads the sources, and writes it once all files are there. */
export function stamp() {
  let root;
  let outDir;
  let value;
  return {
    name: 'gantry-stamp',
    apply: 'build',
    configResolved(config) {
      root = config.root;
      outDir = path.resolve(root, config.build.outDir);
    },
    async buildStart() {
      value = await deriveStamp(root);
    },
    closeBundle: {
      order: 'post',
      sequential: true,
      async handler() {
        if (!value || !existsSync(path.join(outDir, 'index.html'))) return;
        await mkdir(outDir, { recursive: true });
        await writeFile(path.join(outDir, '.stamp'), `${value}\n`);
      },
    },
  };
}
