import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const dist = fileURLToPath(new URL('../../../dist/', import.meta.url));
const shim = fileURLToPath(new URL('./vitest.ts', import.meta.url));

/** A script that runs these test files upon what is built and leaves the outcomes as the promise `outcomes` of its global object. */
export async function bundleTests(
  directory: string,
  files: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<string> {
  const imports = files.map((file) => {
    const name = JSON.stringify(`./${file}`);
    return `beginFile(${JSON.stringify(file)}); await import(${name});`;
  });
  const contents = `import { beginFile, runTests } from 'vitest';
    globalThis.outcomes = (async () => { ${imports.join('\n')} return runTests(); })();`;
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: directory },
    bundle: true,
    write: false,
    format: 'iife',
    platform: 'browser',
    target: 'es2023',
    banner: { js: `globalThis.process = { env: ${JSON.stringify(environment)} };` },
    logLevel: 'error',
    plugins: [
      {
        name: 'built-live-and-small-vitest',
        setup(plugin) {
          plugin.onResolve({ filter: /^(?:\.\.\/)+src\// }, ({ path: asked }) => {
            return { path: path.join(dist, asked.replace(/^(?:\.\.\/)+src\//, '')) };
          });
          plugin.onResolve({ filter: /^vitest$/ }, () => ({ path: shim }));
        },
      },
    ],
  });
  return outputFiles[0]?.text ?? '';
}
