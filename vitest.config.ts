import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const dist = fileURLToPath(new URL('./dist/', import.meta.url));

// Tests import `../src/…` for its types and run what is built: workers, the daemon and the command exist only there.
export default defineConfig({
  resolve: { alias: [{ find: /^(?:\.\.\/)+src\//, replacement: dist }] },
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    // Some properties race real processes against the kernel; a failure that does not come again is printed, and does not stop a landing.
    retry: process.env.CI === undefined ? 0 : 1,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    server: { deps: { external: [/\/dist\//] } },
    reporters: ['default', './test/reporter.ts'],
  },
});
