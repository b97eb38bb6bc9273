// `npm run example:live [-- PORT]`: bundles the page and serves it on this machine, until it is ended.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { context } from 'esbuild';

const here = fileURLToPath(new URL('.', import.meta.url));
const root = fileURLToPath(new URL('../..', import.meta.url));
const compiler = `${root}/node_modules/typescript/bin/tsc`;
const { status } = spawnSync(process.execPath, [compiler, '-b', 'src/live'], { cwd: root, stdio: 'inherit' });
if (status !== 0) process.exit(status ?? 1);

const page = await context({
  entryPoints: [`${here}src/main.ts`],
  outfile: `${here}page/main.js`,
  bundle: true,
  write: false,
  format: 'esm',
  target: 'es2023',
  logLevel: 'error',
});
const port = Number(process.argv[2] ?? 0);
const server = await page.serve({ host: '127.0.0.1', port, servedir: `${here}page` });
console.log(`http://127.0.0.1:${server.port}/`);
