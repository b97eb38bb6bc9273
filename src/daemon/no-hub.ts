import { join } from 'node:path';
import type { MizerError } from '../model/errors.js';
import type { NamespaceThread } from './namespace-thread.js';
import type { Places } from './places.js';
import type { LiveHub } from './services.js';

/** In place of the hub where this machine does not allow one: `list`, `doctor` and all that mounts nothing still work. */
export function noHub(reason: MizerError, places: Places): LiveHub {
  const refuse = (): Promise<never> => Promise.reject(reason);
  return {
    holder: undefined,
    mountPoint: (key) => join(places.hub, key.storeId, key.name),
    secondPath: (storeId, workTree) => join(places.git, storeId, workTree.slice(workTree.lastIndexOf('/') + 1), '.git'),
    bindGitDirectory: refuse,
    mount: refuse,
    unmount: () => Promise.resolve(),
    isMounted: () => false,
    inhabitants: () => Promise.resolve(new Map()),
    contexts: () => [],
    close: () => Promise.resolve(true),
  };
}

/** In place of the thread that mounts, likewise. */
export function noThread(reason: MizerError): NamespaceThread {
  return { call: () => Promise.reject(reason), end: () => Promise.resolve() };
}
