import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { MizerError } from '../model/errors.js';
import { recoverApply } from './apply.js';
import { bindSubmodules } from './context-submodules.js';
import { isRegistered, repairContext } from './context-git.js';
import type { ContextRecord } from './records.js';
import { isLayerThere } from './subvolume-layer.js';
import { keyOf, layersOf, upperOf, type WorkTree } from './work-tree.js';

/**
 * Mounts a context, if it is not mounted, and answers its mount point. What a person or a moved work tree took away of its
 * registration with git is written again.
 * @throws MizerError `E_CONTEXT_HURT` when its upper directory or a layer is gone
 */
export async function openContext(tree: WorkTree, record: ContextRecord): Promise<string> {
  const key = keyOf(tree, record.name);
  const { repository } = tree;
  const isMounted = tree.mounts.isMounted(key);
  const isWell = repository === undefined || isRegistered(tree, repository, record);
  if (isMounted && isWell) return tree.mounts.mountPoint(key);
  if (!isMounted) {
    finishRewind(record);
    await refuseHurt(tree, record);
  }
  if (repository !== undefined) {
    if (!isWell) await repairContext(tree, repository, record);
    await tree.mounts.bindGitDirectory(tree.store.id, tree.path, repository.commonDir);
    await bindSubmodules(tree, repository, record);
  }
  if (isMounted) return tree.mounts.mountPoint(key);
  const mountPoint = await tree.mounts.mount({
    key,
    lowers: await layersOf(tree, record),
    upper: upperOf(record),
    work: join(record.directory, 'work'),
  });
  await recoverApply(contextStaging(mountPoint));
  return mountPoint;
}

/** @throws MizerError `E_CONTEXT_HURT` when its upper directory or a layer is gone or hurt */
export async function refuseHurt(tree: WorkTree, record: ContextRecord): Promise<void> {
  const hurt = (reason: string): MizerError =>
    new MizerError('E_CONTEXT_HURT', `Context '${record.name}' cannot be used: ${reason}`, {
      group: 'failed',
      hint: `What is left of its changes is in ${upperOf(record)}; \`mzr drop --force ${record.name}\` removes it.`,
      data: { context: record.name },
    });
  const lowers = await layersOf(tree, record).catch((error: unknown) => {
    throw error instanceof MizerError ? hurt(error.message) : error;
  });
  const missing = [upperOf(record), ...lowers].find((path) => !isLayerThere(path));
  if (missing !== undefined) throw hurt(`${missing} is gone.`);
}

/** A rewind makes the new upper directory whole before it takes the old one away; where only the new one is left, it takes its place. */
function finishRewind(record: ContextRecord): void {
  const fresh = `${upperOf(record)}.new`;
  if (!existsSync(upperOf(record)) && existsSync(fresh)) renameSync(fresh, upperOf(record));
}

/** What is on its way into a context; inside it, so that it is renamed into place. There only while an apply writes. */
export function contextStaging(mountPoint: string): string {
  return join(mountPoint, '.mizer-staging');
}
