// Bundles the command into one file. Measured for `mzr list` against a bare `node -e 0` of 52 ms (medians): forty modules 105 ms,
// ES modules split by command 82 ms, one ES module 78 ms, one CommonJS file 73 ms; minifying gains nothing and spoils stacks.
// A command's code is part of the file and is evaluated only when it is used. What V8 compiles of the file is kept beside it (`bin/mzr.js`
// takes it): `mzr list` came down from 1.65 to 1.35 times Node by that. The actions of `mzr observe` are files beside it, each whole:
// as parts of the one they would be read and parsed at every start of every command, which took 5 ms.
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import Module from 'node:module';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { Script } from 'node:vm';
import { build } from 'esbuild';

const dist = fileURLToPath(new URL('../dist/', import.meta.url));
const bundles = `${dist}bundle/`;

/** Bundles files into one CommonJS file each. Modules whose path one of `outside` matches stay, under the path it answers. */
async function bundle(entryPoints, out, up, outside) {
  const { outputFiles } = await build({
    entryPoints,
    outdir: out,
    outExtension: { '.js': '.cjs' },
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    external: ['koffi'],
    // The loader of ES modules would be set up for what stays outside.
    supported: { 'dynamic-import': false },
    banner: { js: `const bundleUrl = require('node:url').pathToFileURL(require.resolve('${up}main.cjs')).href;` },
    define: { 'import.meta.url': 'bundleUrl' },
    logLevel: 'error',
    write: false,
    plugins: [
      {
        name: 'late crypto',
        // The library of JSON-RPC loads it at once, for names of pipes that nobody asks for: 1 ms of every start.
        setup: ({ onResolve, onLoad }) => {
          onResolve({ filter: /^crypto$/ }, ({ importer }) =>
            importer.includes('/vscode-jsonrpc/') ? { path: 'late', namespace: 'late' } : undefined,
          );
          onLoad({ filter: /^late$/, namespace: 'late' }, () => ({
            contents:
              "for (const name of ['randomBytes', 'randomUUID']) exports[name] = (...args) => require('node:crypto')[name](...args);",
          }));
        },
      },
      {
        name: 'outside',
        // A module's own path is looked at, not the words of the import: `./errors.js` beside it is the same one.
        setup: ({ onResolve }) =>
          onResolve({ filter: /^\.\.?\// }, ({ resolveDir, path }) => {
            const found = outside.find(([own]) => own.test(join(resolveDir, path)));
            return found === undefined ? undefined : { path: found[1](path), external: true };
          }),
      },
    ],
  });
  return outputFiles;
}

/** An error is told by its class, so there must be only one. */
const errors = (up) => [/\/model\/errors\.js$/, () => `${up}errors.cjs`];
const action = [/\/actions\/observe\//, (path) => `./observe/${basename(path, '.js')}.cjs`];
const actions = `${dist}cli/actions/observe/`;
const names = readdirSync(actions).filter((name) => name.endsWith('.js'));

/** The command with a first line that says which it is, and the code of all its functions behind the same line. */
function* withCode({ path, contents }) {
  const line = `// ${createHash('sha256').update(contents).digest('hex').slice(0, 20)}\n`;
  const source = line + Buffer.from(contents).toString('latin1');
  setFlagsFromString('--no-lazy');
  const script = new Script(Module.wrap(source), { filename: path });
  // The code names the flags under which it was made.
  setFlagsFromString('--lazy');
  yield { path: `${path}.code`, contents: Buffer.concat([Buffer.from(line), script.createCachedData()]) };
  yield { path, contents: source };
}

const [command] = await bundle([`${dist}cli/main.js`], bundles, './', [errors('./'), action]);

// Each in one step, what is needed before what needs it: commands may be running while it is built.
mkdirSync(`${bundles}observe`, { recursive: true });
for (const { path, contents } of [
  ...(await bundle([`${dist}model/errors.js`], bundles, './', [])),
  ...(await bundle(
    names.map((name) => join(actions, name)),
    `${bundles}observe`,
    '../',
    [errors('../')],
  )),
  ...withCode(command),
]) {
  writeFileSync(`${path}.new`, contents);
  renameSync(`${path}.new`, path);
}

// By this a command tells whether the daemon that runs is of the same build.
const hash = createHash('sha256');
for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
  if (entry.isFile() && /\.c?js$/.test(entry.name)) hash.update(readFileSync(join(entry.parentPath, entry.name)));
}
writeFileSync(`${dist}build-id.new`, `${hash.digest('hex').slice(0, 16)}\n`);
renameSync(`${dist}build-id.new`, `${dist}build-id`);
