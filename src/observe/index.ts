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
export { locateShadow, openShadow, shadowRoot, type Shadow, type ShadowOptions } from './shadow.js';
export { stat, type ObserveError, type StatOptions, type StatProgress, type StatResult } from './stat.js';
