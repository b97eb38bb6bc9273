import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

/** Where a module of this package is, such as a worker's. By the package's own name for it, which holds in the bundled command as well. */
export function packageFile(path: string): URL {
  return pathToFileURL(createRequire(import.meta.url).resolve(`#mizer/${path}`));
}
