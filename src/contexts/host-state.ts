import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Entry } from '../model/entry.js';
import { MizerError } from '../model/errors.js';
import { decodeManifest, encodeManifest } from '../model/manifest-codec.js';
import { manifestOf, patch, type Manifest } from '../model/manifest.js';
import type { TreePath } from '../model/tree-path.js';

const manifestFile = 'host.manifest';
const patchFile = 'host.patch';
const removedFile = 'host.removed';

/** What `lstat` said of the whole host view, written beside the tree of a layer that holds all of it. */
export function writeManifest(directory: string, manifest: Manifest): void {
  writeFileSync(join(directory, manifestFile), encodeManifest(manifest));
}

/**
 * What `lstat` said of the host view when a snapshot was taken.
 * @param directories of the snapshot's layers, topmost first
 * @returns `undefined` where that cannot be read: the next snapshot is then a whole one
 */
export function loadManifest(directories: readonly string[]): Manifest | undefined {
  const above: string[] = [];
  try {
    for (const directory of directories) {
      const whole = readIfThere(join(directory, manifestFile));
      if (whole !== undefined) return above.toReversed().reduce(applyDelta, decodeManifest(whole));
      above.push(directory);
    }
    return undefined;
  } catch (error) {
    if (error instanceof MizerError) return undefined;
    throw error;
  }
}

/** What a thin layer of the host view adds to the one below, written beside its tree. */
export function writeDelta(directory: string, put: readonly Entry[], removed: readonly TreePath[]): void {
  writeFileSync(join(directory, patchFile), encodeManifest(manifestOf(put)));
  writeFileSync(join(directory, removedFile), removed.join('\0'), 'latin1');
}

/** What `writeDelta` wrote; `undefined` for a layer that holds banked build products or a whole tree. */
export function readDelta(
  directory: string,
): { readonly put: readonly Entry[]; readonly remove: readonly TreePath[] } | undefined {
  const put = readIfThere(join(directory, patchFile));
  const removed = readIfThere(join(directory, removedFile));
  if (put === undefined || removed === undefined) return undefined;
  return {
    put: [...decodeManifest(put).entries()],
    remove: removed.length === 0 ? [] : Buffer.from(removed).toString('latin1').split('\0'),
  };
}

function applyDelta(manifest: Manifest, directory: string): Manifest {
  const delta = readDelta(directory);
  return delta === undefined ? manifest : patch(manifest, delta);
}

function readIfThere(file: string): Uint8Array | undefined {
  try {
    return readFileSync(file);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
