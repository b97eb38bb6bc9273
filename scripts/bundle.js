// Bundles the command into one file. Measured for `mzr list` against a bare `node -e 0` of 52 ms (medians): forty modules 105 ms,
// ES modules split by command 82 ms, one ES module 78 ms, one CommonJS file 73 ms; minifying gains nothing and spoils stacks.
// A command's code is part of the file and is evaluated only when it is used. What `mzr observe` needs lies beside it: as a part of the
// file it would be read and parsed at every start of every command, which took 5 ms.
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const dist = fileURLToPath(new URL('../dist/', import.meta.url));
const bundles = `${dist}bundle/`;
const common = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  external: ['koffi'],
  define: { 'import.meta.url': 'bundleUrl' },
  logLevel: 'error',
  write: false,
};

/** Imports that `filter` finds are left to be resolved when they run. */
const leave = (name, filter, path) => ({
  name,
  setup: ({ onResolve }) => onResolve({ filter }, (found) => ({ path: path(found.path), external: true })),
});

const main = await build({
  ...common,
  entryPoints: [`${dist}cli/main.js`],
  outfile: `${bundles}main.cjs`,
  format: 'cjs',
  banner: { js: "const bundleUrl = require('node:url').pathToFileURL(__filename).href;" },
  plugins: [leave('observe beside', /\/actions\/observe\//, (path) => `./observe/${basename(path)}`)],
});
const actions = `${dist}cli/actions/observe/`;
const observe = await build({
  ...common,
  entryPoints: readdirSync(actions).flatMap((name) => (name.endsWith('.js') ? [join(actions, name)] : [])),
  outdir: `${bundles}observe`,
  format: 'esm',
  splitting: true,
  banner: { js: "const bundleUrl = new URL('../main.cjs', import.meta.url).href;" },
  // An error is told by its class, so there must be only one.
  plugins: [leave('errors of main', /\/model\/errors\.js$/, () => '../main.cjs')],
});

// Each in one step, what is needed before what needs it: commands may be running while it is built.
mkdirSync(`${bundles}observe`, { recursive: true });
const files = [...observe.outputFiles.toSorted((a) => (a.path.includes('/chunk-') ? -1 : 1)), ...main.outputFiles];
for (const { path, contents } of files) {
  writeFileSync(`${path}.new`, contents);
  renameSync(`${path}.new`, path);
}
const kept = new Set(files.map(({ path }) => basename(path)));
for (const name of readdirSync(`${bundles}observe`)) if (!kept.has(name)) rmSync(`${bundles}observe/${name}`);

// By this a command tells whether the daemon that runs is of the same build.
const hash = createHash('sha256');
for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
  if (entry.isFile() && /\.c?js$/.test(entry.name)) hash.update(readFileSync(join(entry.parentPath, entry.name)));
}
writeFileSync(`${dist}build-id.new`, `${hash.digest('hex').slice(0, 16)}\n`);
renameSync(`${dist}build-id.new`, `${dist}build-id`);
