import { fileURLToPath } from 'node:url';
import { brotliCompressSync } from 'node:zlib';
import { build } from 'esbuild';
import { atMost } from '../../measurement.js';
import type { LiveRow } from '../bench.js';

const root = fileURLToPath(new URL('../../../../', import.meta.url));

/** All that a browser loads: bundled, minified, compressed with brotli. */
export const browser: LiveRow = {
  id: 'browser',
  async measure() {
    const own = await loaded('mizer/live');
    const rivals = [
      { what: 'Yjs alone', value: await loaded('yjs') },
      { what: 'Loro', value: await loaded('loro-crdt/bundler') },
      { what: 'Automerge', value: await loaded('@automerge/automerge') },
    ];
    return [atMost({ row: this.id, what: 'what a browser loads, brotli', measured: own, unit: 'KB' }, 60, rivals)];
  },
};

/** Kilobytes of all files that an import of everything in a package comes to. */
async function loaded(name: string): Promise<number> {
  const { outputFiles } = await build({
    stdin: { contents: `export * from '${name}';`, resolveDir: root },
    outdir: root,
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    loader: { '.wasm': 'file' },
    logLevel: 'error',
  });
  return outputFiles.reduce((sum, { contents }) => sum + brotliCompressSync(contents).length, 0) / 1024;
}
