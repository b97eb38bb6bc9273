import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The packages that take part, as installed. */
export function versions(): Record<string, string> {
  return Object.fromEntries(
    ['yjs', 'loro-crdt', '@automerge/automerge'].map((name) => {
      const file = fileURLToPath(new URL(`../../../node_modules/${name}/package.json`, import.meta.url));
      return [name, (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version];
    }),
  );
}
