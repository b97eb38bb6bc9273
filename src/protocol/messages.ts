import type { Change } from '../model/change-set.js';

/**
 * The messages between a client and the daemon: JSON-RPC 2.0 over a unix socket. A change of any shape here is a change of
 * `protocolVersion` (a test notices). Paths inside trees are byte strings (`TreePath`); absolute paths are text.
 */
export const protocolVersion = 1;

/** How a context is to be made (contexts.md, "Options that make a context"). */
export interface MakeOptions {
  /** A context or snapshot to fork; by default the context one stands in, else the host view. */
  readonly from?: string;
  /** Tracked files of this revision, build products of the nearest snapshot. */
  readonly at?: string;
  /** Tracked files only. */
  readonly clean?: boolean;
  /** No snapshot: the host view itself is the lower layer. */
  readonly live?: boolean;
  /** Check out this branch, created where it does not exist. */
  readonly branch?: string;
  readonly name?: string;
  /** Paths, as typed in `cwd`, that are not forked but shared with the host view. */
  readonly share?: readonly string[];
  /** Paths, as typed in `cwd`, left out of the fork. */
  readonly exclude?: readonly string[];
}

export interface Limits {
  /** Hundredths of one core: 150 is one and a half. */
  readonly cpuPercent?: number;
  readonly memoryBytes?: number;
  readonly pids?: number;
}

export interface HelloParams {
  readonly protocol: number;
  readonly build: string;
}
export interface HelloResult {
  readonly protocol: number;
  readonly build: string;
  readonly pid: number;
  /** Requests under way and commands awaited by clients: what a restart would disturb. */
  readonly busy: number;
}

/** Who asks and from where. The daemon learns process and user from the socket's peer credentials, never from here. */
export interface Standing {
  /** The client's working directory, absolute. */
  readonly cwd: string;
}

export interface OpenSessionParams extends Standing {
  /**
   * `run`: a fresh hidden context, dropped at the end. `shell`: `context` is entered, made when new (a name is generated when none is
   * given). `exec`: `context` must exist.
   */
  readonly purpose: 'run' | 'shell' | 'exec';
  readonly context?: string;
  readonly make: MakeOptions;
  /** `run` only: keep the context afterwards, under this name or the generated one. */
  readonly keep?: boolean | string;
  readonly limits?: Limits;
  /** The command, for the record. */
  readonly command: readonly string[];
  /** The caller's variables that hand settings to git (`GIT_CONFIG_COUNT`, `GIT_CONFIG_KEY_0`, …): those of the session are added to them. */
  readonly gitSettings: Readonly<Record<string, string>>;
}
export interface OpenSessionResult {
  readonly session: string;
  readonly context: string;
  readonly workTree: string;
  /**
   * The chain of programs to which the command is appended. Empty `enterBy`: the chain itself enters. `handshake`: the chain's first
   * program writes a byte to file descriptor 3 when it stands in namespaces of its own, the client then calls `session/enter` with its
   * pid and writes a byte to file descriptor 4.
   */
  readonly chain: readonly string[];
  readonly handshake: boolean;
  /** Environment to set (on top of the caller's), for git's settings inside contexts. */
  readonly environment: Readonly<Record<string, string>>;
  /** Sentences for the person: what was slow, left out, or is unusual. */
  readonly notes: readonly string[];
}
export interface EnterSessionParams {
  readonly session: string;
  readonly pid: number;
}
/** Names all that is needed, so that a daemon started meanwhile can answer too. */
export interface EndSessionParams extends Standing {
  readonly session: string;
  readonly context: string;
  /** The run's context is to be kept. */
  readonly keep: boolean;
}
export interface EndSessionResult {
  readonly context: string;
  /** What became of the run's context. `busy`: processes are still in it, it goes when they end. */
  readonly outcome: 'kept' | 'dropped' | 'archived' | 'busy';
  /** Of `refs/mizer/archive/…`, when it was archived. */
  readonly archive?: string;
  readonly notes: readonly string[];
}

export interface SwitchParams extends Standing {
  readonly context: string;
  /** `context` is a branch: the context that belongs to it, made on first use. `-`: back to the host view. */
  readonly branch: boolean;
}
export interface SwitchResult {
  readonly context: string;
  readonly workTree: string;
  readonly made: boolean;
  readonly notes: readonly string[];
}

export interface ContextParams extends Standing {
  readonly context: string;
}
export interface ListParams extends Standing {
  /** Hidden contexts (of runs) too. */
  readonly all: boolean;
}
export interface ContextInfo {
  readonly name: string;
  readonly hidden: boolean;
  readonly live: boolean;
  readonly branch?: string;
  /** The commit HEAD is at; absent in a plain directory or an unborn branch. */
  readonly head?: string;
  /** The snapshot it stands on; absent for a live context. */
  readonly base?: string;
  /** ISO 8601. */
  readonly createdAt: string;
  /** Bytes of its upper directory on disk. */
  readonly bytes: number;
  readonly sessions: number;
  readonly processes: number;
  readonly paused: boolean;
  /** The one the caller stands in. */
  readonly current: boolean;
}
export interface ProcessInfo {
  readonly pid: number;
  readonly command: string;
}
export interface ContextDetails extends ContextInfo {
  readonly workTree: string;
  readonly mountPoint: string;
  readonly upper: string;
  /** Snapshot ids from the base downwards. */
  readonly lineage: readonly string[];
  readonly snapshots: readonly SnapshotInfo[];
  readonly running: readonly ProcessInfo[];
  readonly share: readonly string[];
  readonly limits: Limits;
  readonly changes: number;
  readonly command?: readonly string[];
}

export interface SnapshotInfo {
  readonly id: string;
  /** The host view (`undefined`) or the context it was taken of. */
  readonly of?: string;
  readonly below?: string;
  readonly createdAt: string;
  /** Entries that its layer holds. */
  readonly entries: number;
  readonly bytes: number;
  readonly head?: string;
  readonly promoted: boolean;
}

export interface DiffParams extends ContextParams {
  /** As typed in `cwd`; none: everything. */
  readonly paths: readonly string[];
  /** Also the patch text of each text file. */
  readonly patch: boolean;
  /** Ignored files (build products) too. */
  readonly ignored: boolean;
}
export interface DiffResult {
  readonly changes: readonly Change[];
  /** Lines added and deleted by path, for text files; by the order of `changes`, `null` for what has no lines. */
  readonly lines: readonly ({ readonly added: number; readonly deleted: number } | null)[];
  /** Unified diff, base64 of its bytes. Present when `patch` was asked for. */
  readonly patch?: string;
}

export interface ApplyParams extends ContextParams {
  /** As typed in `cwd`; none: everything. */
  readonly paths: readonly string[];
  /** Another context instead of the host view. */
  readonly into?: string;
  readonly dryRun: boolean;
  readonly merge: boolean;
  readonly ignored: boolean;
}
export interface Conflict {
  readonly path: string;
  readonly reason: 'both-changed' | 'both-added' | 'changed-and-deleted' | 'blocked' | 'merge-failed';
}
export interface ApplyResult {
  readonly written: readonly Change[];
  /** Merged from both sides, a part of `written`. */
  readonly merged: readonly string[];
  /** Changed alike on both sides; nothing to do. */
  readonly same: number;
  /** When there is one, nothing was written. */
  readonly conflicts: readonly Conflict[];
}

export interface SnapshotParams extends Standing {
  readonly of?: string;
}
export interface RewindParams extends ContextParams {
  readonly snapshot: string;
}
export interface RewindResult {
  /** Holds what the context was before. */
  readonly before: SnapshotInfo;
}
export interface LimitParams extends ContextParams {
  /** What is not named stays. */
  readonly limits: Limits;
  /** Limits to take away. */
  readonly lifted: readonly (keyof Limits)[];
}
export interface DropParams extends Standing {
  readonly contexts: readonly string[];
  readonly force: boolean;
}
export interface DropResult {
  readonly dropped: readonly string[];
  /** Names of `refs/mizer/archive/…` made on the way. */
  readonly archived: readonly string[];
}
export interface GcResult {
  readonly contexts: readonly string[];
  readonly snapshots: readonly string[];
  readonly archived: readonly string[];
  readonly freedBytes: number;
}
export interface ArchiveInfo {
  readonly name: string;
  readonly commit: string;
  readonly createdAt: string;
}
export interface InitParams {
  readonly directory: string;
}
export interface InitResult {
  readonly workTree: string;
  readonly store: string;
  readonly git: boolean;
}

export interface DaemonStatus {
  readonly pid: number;
  readonly build: string;
  readonly startedAt: string;
  readonly socket: string;
  readonly log: string;
  /** The process that keeps the namespaces; absent before the first mount. */
  readonly holder?: number;
  readonly residentBytes: number;
  readonly sessions: number;
  readonly mounts: number;
  readonly watched: readonly WatchStatus[];
}
export interface WatchStatus {
  readonly workTree: string;
  readonly directories: number;
  readonly trusted: boolean;
  readonly reason?: string;
  /** Changes that a verifying walk found and the watcher had not reported. Must be nought. */
  readonly missed: number;
  readonly verifiedAt?: string;
}

/** Sent by the daemon during a long request; `total` is 0 while unknown. */
export interface Progress {
  readonly phase: string;
  readonly done: number;
  readonly total: number;
}

interface Call<P, R> {
  readonly params: P;
  readonly result: R;
}

/** Every request by its method name. */
export interface Methods {
  readonly hello: Call<HelloParams, HelloResult>;
  readonly 'daemon/status': Call<Record<string, never>, DaemonStatus>;
  /** Answered before it goes. `force`: even while clients await commands. */
  readonly 'daemon/stop': Call<{ readonly force: boolean }, { readonly stopped: boolean; readonly busy: number }>;
  readonly init: Call<InitParams, InitResult>;
  readonly 'session/open': Call<OpenSessionParams, OpenSessionResult>;
  readonly 'session/enter': Call<EnterSessionParams, Record<string, never>>;
  readonly 'session/end': Call<EndSessionParams, EndSessionResult>;
  readonly 'session/switch': Call<SwitchParams, SwitchResult>;
  readonly 'context/list': Call<
    ListParams,
    { readonly contexts: readonly ContextInfo[]; readonly notes: readonly string[] }
  >;
  readonly 'context/show': Call<ContextParams, ContextDetails>;
  readonly 'context/diff': Call<DiffParams, DiffResult>;
  readonly 'context/apply': Call<ApplyParams, ApplyResult>;
  readonly 'context/rewind': Call<RewindParams, RewindResult>;
  readonly 'context/promote': Call<ContextParams, SnapshotInfo>;
  readonly 'context/limit': Call<LimitParams, Record<string, never>>;
  readonly 'context/pause': Call<ContextParams, { readonly processes: number }>;
  readonly 'context/resume': Call<ContextParams, { readonly processes: number }>;
  readonly 'context/stop': Call<ContextParams, { readonly processes: number }>;
  readonly 'context/drop': Call<DropParams, DropResult>;
  readonly 'snapshot/take': Call<SnapshotParams, SnapshotInfo>;
  readonly 'snapshot/list': Call<
    Standing,
    { readonly snapshots: readonly SnapshotInfo[]; readonly notes: readonly string[] }
  >;
  readonly 'archive/list': Call<Standing, { readonly archives: readonly ArchiveInfo[] }>;
  readonly gc: Call<Standing, GcResult>;
}

export type Method = keyof Methods;
export type Params<M extends Method> = Methods[M]['params'];
export type Result<M extends Method> = Methods[M]['result'];
