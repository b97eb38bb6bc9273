/** The library `mizer`: what Node programs need beside `mizer/live` and `mizer/observe`. What is exported here is public. */
export { gitProvider, type RepositoryProvider } from './git-provider.js';
export { MizerError } from '../model/errors.js';
export type { GitEntry, GitProvider } from '../live/provider.js';
