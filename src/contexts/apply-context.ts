import { rmdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { TreePath } from '../model/tree-path.js';
import { apply, recoverApply, type ApplyOutcome, type Recovery } from './apply.js';
import { contextStaging, openContext } from './open.js';
import type { ContextRecord } from './records.js';
import { ignoredIn } from './unsaved.js';
import { layersOf, upperOf, type WorkTree } from './work-tree.js';

export interface ApplyOptions {
  readonly paths: readonly TreePath[];
  /** The context that gets the changes, instead of the host view. */
  readonly into: ContextRecord | undefined;
  readonly dryRun: boolean;
  readonly merge: boolean;
  /** Build products too. */
  readonly ignored: boolean;
}

/** Brings a context's changes into the host view or another context; see `apply`. The caller holds the store's lock. */
export async function applyContext(
  tree: WorkTree,
  record: ContextRecord,
  options: ApplyOptions,
): Promise<ApplyOutcome> {
  const { into, paths, dryRun, merge } = options;
  const target = into === undefined ? tree.path : await openContext(tree, into);
  const staging = into === undefined ? hostStaging(tree) : contextStaging(target);
  await recoverApply(staging);
  try {
    return await apply({
      layers: await layersOf(tree, record),
      upper: upperOf(record),
      target,
      staging,
      ...(dirname(staging) === tree.store.directory ? { trash: join(tree.store.directory, 'trash') } : {}),
      paths,
      dryRun,
      merge,
      ...(options.ignored ? {} : { ignored: ignoredIn(tree, record) }),
    });
  } finally {
    if (into !== undefined) removeIfEmpty(staging);
  }
}

/** Puts right what applies to the host view were cut short in by a crash. */
export function recoverHost(tree: WorkTree): Promise<Recovery> {
  return recoverApply(hostStaging(tree));
}

/** On the same mount as the work tree wherever the store is, so that a file is renamed into place. */
function hostStaging(tree: WorkTree): string {
  return join(
    tree.repository === undefined ? tree.store.directory : join(tree.repository.commonDir, 'mizer'),
    'staging',
  );
}

function removeIfEmpty(directory: string): void {
  try {
    rmdirSync(directory);
  } catch {
    // Nothing was staged, or something is kept there that could not be put back.
  }
}
