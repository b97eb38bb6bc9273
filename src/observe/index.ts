// The library `mizer/observe`: what is exported here is public.
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
export { init, type InitOptions } from './init.js';
export type { Policy } from './policy.js';
export { locateShadow, openShadow, shadowRoot, type Shadow, type ShadowOptions } from './shadow.js';
export { stat, type ObserveError, type StatOptions, type StatProgress, type StatResult } from './stat.js';
export { applyStub, reinit, type AppliedStub, type ReinitResult } from './reinit.js';
export { status, type StatusChange, type StatusOptions, type StatusResult } from './status.js';
