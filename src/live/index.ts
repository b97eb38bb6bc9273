export { WorkTree } from './work-tree.js';
export type { Applied, Participant, WorkTreeEvents, WorkTreeOptions } from './options.js';
export { UNDO_GROUP_MS } from './buffer.js';
export type {
  Anchor,
  BufferConflict,
  BufferEvents,
  ChangeOrigin,
  Range,
  Selection,
  TextBuffer,
  TextChange,
} from './buffer.js';
export type { Point, Position } from './position.js';
export type { EntryQuestion, EntryStatus, TreeEntry } from './entries.js';
export type { ChangeSide, LiveChange } from './changes.js';
export { LiveError } from './errors.js';
export type { LiveErrorCode } from './errors.js';
export type { EpochId, NodeId, Oid, OperationId, ReplicaId, Vector, Version } from './ids.js';
export type { Deferred } from './deferral.js';
export type { MadeType } from './operation.js';
export type { EntryType } from './base-listing.js';
export type { GitEntry, GitProvider } from './provider.js';
export { MemoryProvider } from './memory-provider.js';
export type { FileDescription } from './memory-provider.js';
export { PRESENCE_LIFETIME_MS } from './presence.js';
export type { Bias, Edit, Edits } from './text/engine.js';
export { decodeVersion, encodeVersion } from './version.js';
export type { Refusal, RefusalCode } from './wire/refusal.js';
export { compareNames, nameFromBytes, nameToBytes, toTreePath } from './names.js';
