import type { EpochState } from './epoch.js';
import { LiveError } from './errors.js';
import { compareStamps } from './ids.js';
import type { ReplicaId, Version } from './ids.js';

/**
 * The time below which nobody can bring an operation of the epoch any more; `undefined` when not all are in it. Of each replica those operations may still
 * come that not all have: they are later than the last one that all have. And those that it makes after it told its version: they
 * are later than all that it had seen then, and so than all that everybody has.
 */
export function settlementOf(epoch: EpochState, versions: ReadonlyMap<ReplicaId, Version>): number | undefined {
  for (const replica of epoch.log.vector.keys()) {
    if (!versions.has(replica)) {
      throw new LiveError('ARGUMENT_INVALID', `Replica ${replica} made operations; what it has must be told, too.`);
    }
  }
  const all = Array.from(versions);
  if (all.some(([, version]) => compareStamps(version.epoch, epoch.record.id) !== 0)) return undefined;
  const common = new Map<ReplicaId, number>();
  for (const replica of epoch.log.vector.keys()) {
    common.set(replica, Math.min(...all.map(([, { vector }]) => vector.get(replica) ?? 0)));
  }
  let latest = epoch.record.id.time;
  for (const [replica, seq] of common) {
    latest = Math.max(latest, epoch.log.operation({ replica, seq })?.time ?? 0);
  }
  let time = latest + 1;
  for (const [replica, { vector }] of all) {
    const seq = common.get(replica) ?? 0;
    if ((vector.get(replica) ?? 0) <= seq) continue;
    const next = epoch.log.operation({ replica, seq: seq + 1 });
    const last = epoch.log.operation({ replica, seq })?.time ?? epoch.record.id.time;
    time = Math.min(time, next?.time ?? last + 1);
  }
  return time;
}
