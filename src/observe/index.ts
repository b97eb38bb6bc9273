/**
 * The library `mizer/observe`: what is exported here is public. Errors are `MizerError`s with a stable `code`, a sentence, a hint and data;
 * each function says which. Paths inside a real directory are `TreePath`s: byte strings, made of text by `fromText` and back by `toText`.
 */
export { MizerError } from '../model/errors.js';
export { fromText, toDisplay, toText, type TreePath } from '../model/tree-path.js';
export type {
  BlobRecord,
  BundleRecord,
  DirectoryRecord,
  FileRecord,
  GitDirectory,
  RootRecord,
  SubmoduleRecord,
  Totals,
} from './blob.js';
export { content, type ContentResult } from './content.js';
export { discover, type DiscoverOptions, type Found } from './discover.js';
export { exportEntries, type ExportFormat } from './export.js';
export { growth, type Change, type Growth, type GrowthOptions, type GrowthReport } from './growth.js';
export type { Moment } from './history.js';
export { init, type InitOptions } from './init.js';
export type { KeptError } from './kept-error.js';
export type { Limit } from './limits.js';
export { list, type Entry, type Listing, type ListOptions, type SortKey } from './list.js';
export {
  getMetadata,
  listMetadata,
  setMetadata,
  type MetadataState,
  type PathMetadata,
  type SetOptions,
} from './meta.js';
export type { Metadata } from './meta-blob.js';
export type { Node, NodeKind } from './nodes.js';
export { readPatterns, type Patterns } from './patterns.js';
export type { Policy } from './policy.js';
export { defaultSettings, Registry, type Root, type RootSettings } from './registry.js';
export type { RoundSummary, RunEvent, RunOptions, ShadowEvent } from './run-events.js';
export { readRootStatus, type RootStatus, type ShadowStatus } from './run-status.js';
export { initBelowRoots } from './rooted-init.js';
export { run } from './run.js';
export { sha, type ShaOptions, type ShaProgress, type ShaResult } from './sha.js';
export { locateShadow, openShadow, shadowOf, shadowRoot, type Shadow, type ShadowOptions } from './shadow.js';
export { stateDirectory } from './state-directory.js';
export {
  stat,
  type ObserveError,
  type ScanOptions,
  type StatOptions,
  type StatProgress,
  type StatResult,
} from './stat.js';
export { applyStub, reinit, type AppliedStub, type ReinitResult } from './reinit.js';
export { status, type StatusChange, type StatusOptions, type StatusResult } from './status.js';
