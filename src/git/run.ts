import { spawn } from 'node:child_process';
import { MizerError } from '../model/errors.js';

export interface GitOptions {
  /** Where git runs, absolute. */
  readonly cwd: string;
  /** What git reads from its standard input; empty by default. */
  readonly input?: Uint8Array | string;
  /** Added last to the cleaned environment. */
  readonly environment?: Readonly<Record<string, string>>;
  /** The command may take optional locks, such as `status` writing a refreshed index. By default it may not. */
  readonly mayWrite?: boolean;
  /** Exit statuses that are answers rather than failures; 0 always is. */
  readonly answers?: readonly number[];
  /** A chain of programs in front of `git`, such as `nsenter` and its arguments, that brings it to where a context is seen. */
  readonly through?: readonly string[];
  /**
   * What the settings of a session give git in a context (`sessionEnvironment`) stays in force, so that its status is as quick as the
   * user's. Without it git compares everything itself and believes no cache.
   */
  readonly asInSession?: boolean;
  /** Ends git when its answer is of no use any more; the promise is rejected then, unless git was quicker. */
  readonly signal?: AbortSignal;
}

export interface GitResult {
  readonly status: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/**
 * Settings for every git process that mizer runs on its own behalf: no program that the repository's configuration names is started
 * (filters excepted, without them contents would be wrong), and no cache that belongs to another path is believed or warned about.
 */
const ownSettings = ['-c', 'core.hooksPath=/dev/null', '-c', 'core.pager=cat', '-c', 'advice.detachedHead=false'];
const noCaches = ['-c', 'core.fsmonitor=false', '-c', 'core.untrackedCache=false'];

/** Variables that say how git as such works here; all others of git's say which repository the caller was in, and must not leak. */
const kept = new Set([
  'GIT_CONFIG_GLOBAL',
  'GIT_CONFIG_SYSTEM',
  'GIT_CONFIG_NOSYSTEM',
  'GIT_EXEC_PATH',
  'GIT_CEILING_DIRECTORIES',
  'GIT_DISCOVERY_ACROSS_FILESYSTEM',
]);

/** The environment of a git process: nothing in it says which repository the caller was in. */
export function cleanEnvironment(options: Pick<GitOptions, 'environment' | 'mayWrite'>): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (value !== undefined && (!name.startsWith('GIT_') || kept.has(name))) environment[name] = value;
  }
  delete environment['LANGUAGE'];
  return {
    ...environment,
    LC_ALL: 'C',
    GIT_TERMINAL_PROMPT: '0',
    GIT_OPTIONAL_LOCKS: options.mayWrite === true ? '1' : '0',
    ...options.environment,
  };
}

/**
 * Runs git with these arguments and awaits its end.
 * @throws MizerError `E_GIT` when git ends with a status that is not among `answers`, `E_GIT_MISSING` when there is none.
 */
export async function git(args: readonly string[], options: GitOptions): Promise<GitResult> {
  const settings = options.asInSession === true ? ownSettings : [...ownSettings, ...noCaches];
  const through = options.through ?? [];
  // Entering a mount namespace leads to its root directory, so git has to go to the place itself.
  const place = through.length === 0 ? [] : ['-C', options.cwd];
  const [program = 'git', ...rest] = [...through, 'git', ...place, ...settings, ...args];
  const result = await runProcess(program, rest, through.length === 0 ? options.cwd : '/', options);
  if (result.status !== 0 && options.answers?.includes(result.status) !== true) throw failure(args, result);
  return result;
}

/** The same, its output as text without the last line feed. */
export async function gitText(args: readonly string[], options: GitOptions): Promise<string> {
  const { stdout } = await git(args, options);
  return stdout.toString('utf8').replace(/\n$/, '');
}

function runProcess(program: string, args: readonly string[], cwd: string, options: GitOptions): Promise<GitResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, env: cleanEnvironment(options), stdio: 'pipe', signal: options.signal });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    // git may end before it has read everything; its exit status says whether that was a failure.
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input ?? '');
    child.on('error', (cause: NodeJS.ErrnoException) => reject(notStarted(program, cwd, cause)));
    child.on('close', (status, signal) => {
      const said = Buffer.concat(stderr).toString('utf8');
      resolve({
        status: status ?? 128,
        stdout: Buffer.concat(stdout),
        stderr: signal === null ? said : `${said}\nended by ${signal}`,
      });
    });
  });
}

function notStarted(program: string, cwd: string, cause: NodeJS.ErrnoException): MizerError {
  return new MizerError('E_GIT_MISSING', `${program} could not be started in ${cwd}: ${cause.code ?? cause.message}.`, {
    hint: 'Install git 2.39 or later and see to it that it is in PATH of the daemon; the directory must exist.',
    group: 'failed',
    cause,
  });
}

/** The line of git's complaint that says what is wrong; `hint:` and advice lines follow it. */
export function complaint(stderr: string): string {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  const line = lines.findLast((one) => /^(?:fatal|error): /.test(one)) ?? lines.at(-1) ?? 'git gave no reason';
  return line.replace(/^(?:fatal|error): /, '').replace(/\.$/, '');
}

function failure(args: readonly string[], result: GitResult): MizerError {
  const command = args.find((arg) => !arg.startsWith('-')) ?? args.join(' ');
  return new MizerError('E_GIT', `git ${command}: ${complaint(result.stderr)}.`, {
    hint: 'Run the command by hand in the work tree to see all that git says.',
    group: 'failed',
    data: { arguments: args, status: result.status, stderr: result.stderr },
  });
}

const oldest = [2, 39] as const;
let checked: Promise<string> | undefined;

/**
 * The version of the git in PATH, checked once per process.
 * @throws MizerError `E_GIT_OLD` before 2.39
 */
export function requireGit(): Promise<string> {
  checked ??= gitText(['version'], { cwd: '/' }).then(checkVersion);
  checked.catch(() => (checked = undefined));
  return checked;
}

/** The number in what `git version` prints, when it is new enough. */
export function checkVersion(printed: string): string {
  const [, version = '0.0', major = '0', minor = '0'] = /(([0-9]+)\.([0-9]+)[^ ]*)/.exec(printed) ?? [];
  const enough = Number(major) > oldest[0] || (Number(major) === oldest[0] && Number(minor) >= oldest[1]);
  if (enough) return version;
  throw new MizerError('E_GIT_OLD', `git ${version} is too old.`, {
    hint: `Install git ${oldest.join('.')} or later.`,
    data: { version },
  });
}
