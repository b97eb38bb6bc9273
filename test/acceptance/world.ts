import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ContextDetails, ContextInfo } from '../../src/protocol/messages.js';
import { giveToOrdinaryUser, ordinaryId, packageRoot } from '../support/ordinary-user.js';
import { Background, type Outcome, Shell, until } from './background.js';

export { type Background, until } from './background.js';

export type UserKind = 'root' | 'ordinary user';

const isRoot = process.getuid?.() === 0;

/** Whom the tests run `mzr` as: root tests both kinds of user, an ordinary user himself. */
export const userKinds: readonly UserKind[] = isRoot ? ['root', 'ordinary user'] : ['ordinary user'];

export interface Start {
  /** The world's `tree` by default. */
  readonly cwd?: string;
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Directories, a home and a daemon of their own for one user, and the real command in them. */
export class World {
  readonly root: string;
  readonly home: string;
  /** A repository on branch `main`, or what {@link repository} is asked to make there. */
  readonly tree: string;
  readonly user: UserKind;
  readonly environment: Readonly<Record<string, string>>;
  /** The command line of `mzr`. */
  readonly command: readonly string[];
  private readonly lead: readonly string[];
  private readonly children = new Set<ChildProcessWithoutNullStreams>();

  /** @param groups supplementary ones of the ordinary user; only root can give them */
  constructor(user: UserKind, groups: readonly number[] = []) {
    this.user = user;
    this.root = fs.realpathSync(fs.mkdtempSync(path.join(tmpdir(), 'mzr-')));
    fs.chmodSync(this.root, 0o755);
    this.home = path.join(this.root, 'home');
    this.tree = path.join(this.root, 'tree');
    for (const name of ['home', 'run', 'state', 'tree']) fs.mkdirSync(path.join(this.root, name), { mode: 0o700 });
    fs.writeFileSync(
      path.join(this.home, '.gitconfig'),
      '[user]\n\tname = Ada\n\temail = ada@example.org\n[init]\n\tdefaultBranch = main\n[protocol "file"]\n\tallow = always\n[advice]\n\tdetachedHead = false\n',
    );
    const supplementary = groups.length === 0 ? '--clear-groups' : `--groups=${groups.join(',')}`;
    const becomes = isRoot && user !== 'root';
    this.lead = becomes ? ['setpriv', `--reuid=${ordinaryId}`, `--regid=${ordinaryId}`, supplementary] : [];
    if (becomes) giveToOrdinaryUser(this.root);
    this.command = [process.execPath, path.join(packageRoot, 'bin/mzr.js')];
    this.environment = {
      PATH: `${path.dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin`,
      LC_ALL: 'C',
      SHELL: '/bin/sh',
      HOME: this.home,
      TMPDIR: this.root,
      XDG_RUNTIME_DIR: path.join(this.root, 'run'),
      XDG_STATE_HOME: path.join(this.root, 'state'),
      GIT_CONFIG_NOSYSTEM: '1',
      // What tests do below find the command by this name.
      MZR: this.command.join(' '),
    };
  }

  get uid(): number {
    return this.user === 'root' || !isRoot ? (process.getuid?.() ?? 0) : ordinaryId;
  }

  /** A repository on branch `main` whose first commit has these files, made in the tree or at another path. Answers with its path. */
  repository(files: Readonly<Record<string, string>>, at = this.tree): string {
    this.write(files, at);
    this.host('git init -q && git add -A && git commit -q --allow-empty -m first', at);
    return at;
  }

  /** Writes files as the user, with the directories they need. */
  write(files: Readonly<Record<string, string>>, at = this.tree): void {
    for (const [name, content] of Object.entries(files)) {
      const script = 'mkdir -p -- "$(dirname -- "$1")" && cat > "$1"';
      this.must(this.start(['sh', '-c', script, 'sh', path.join(at, name)], { cwd: this.root, input: content }), name);
    }
  }

  /** A file of the host view. */
  read(name: string): string {
    return fs.readFileSync(path.join(this.tree, name), 'utf8');
  }

  /** Runs a shell script as the user in the host view. @throws Error when it fails */
  host(script: string, cwd = this.tree): string {
    return this.must(this.start(['sh', '-c', script], { cwd }), script);
  }

  /** Runs `mzr` to its end. */
  mzr(args: readonly string[], start: Start = {}): Outcome {
    return this.start([...this.command, ...args], start);
  }

  /** Runs `mzr` and answers with its standard output. @throws Error when it fails */
  ok(...args: readonly string[]): string {
    return this.must(this.mzr(args), `mzr ${args.join(' ')}`);
  }

  /** Runs a script with `sh` in a context that exists. @throws Error when it fails */
  inside(context: string, script: string, start: Start = {}): string {
    return this.must(this.mzr(['exec', context, '--', 'sh', '-c', script], start), script);
  }

  /** The answer of `mzr … --json`. */
  json<T>(...args: readonly string[]): T {
    return JSON.parse(this.ok(...args, '--json')) as T;
  }

  /** The contexts of the tree by name, those of runs included. */
  contexts(): Record<string, ContextInfo> {
    const { contexts } = this.json<{ contexts: ContextInfo[] }>('list', '--all');
    return Object.fromEntries(contexts.map((context) => [context.name, context]));
  }

  details(context: string): ContextDetails {
    return this.json<ContextDetails>('show', context);
  }

  /** The code of the error that `mzr` ends with. @throws Error when it succeeds */
  refusal(...args: readonly string[]): {
    readonly code: string;
    readonly message: string;
    readonly hint: string | null;
  } {
    const { status, err } = this.mzr([...args.slice(0, 1), '--json', ...args.slice(1)]);
    if (status === 0) throw new Error(`mzr ${args.join(' ')} succeeded.`);
    return (JSON.parse(err) as { error: { code: string; message: string; hint: string | null } }).error;
  }

  /** Starts a program as the user and leaves it running. */
  background(argv: readonly string[], cwd = this.tree): Background {
    return new Background(this.spawn(argv, cwd));
  }

  /** A shell session that stays: `mzr shell` with these arguments. */
  shell(...args: readonly string[]): Shell {
    return new Shell(this.spawn([...this.command, 'shell', ...args], this.tree));
  }

  /** Ends what the test has started and drops all contexts; those of runs go by themselves. */
  async clear(): Promise<void> {
    await this.endChildren();
    const kept = Object.values(this.contexts()).filter(({ hidden }) => !hidden);
    const names = kept.map(({ name }) => name);
    if (names.length > 0) this.ok('drop', '--force', ...names);
  }

  /** Commands inside sessions outlive a client that is killed, and hold its pipes: they are ended with it. */
  private async endChildren(): Promise<void> {
    if (this.children.size === 0) return;
    for (const child of this.children) child.kill('SIGKILL');
    for (const pid of this.others()) kill(pid);
    await until(() => this.children.size === 0, 'what the test started has ended');
  }

  /** Processes that are neither the daemon nor its holder. */
  private others(): number[] {
    return this.processes().filter((pid) => !isService(pid));
  }

  /** Ends everything and removes the directories. @throws Error when a process, a mount or a directory is left behind */
  async end(): Promise<void> {
    await this.endChildren();
    const left: string[] = [];
    // The daemon's own helpers come and go; nothing else may be there.
    let others: readonly number[] = [];
    const isQuiet = (): boolean => (others = this.others()).length === 0;
    await until(isQuiet, 'only the daemon is left').catch(() => undefined);
    left.push(...others.map((pid) => `process ${pid}: ${commandOf(pid)}`));
    for (const pid of others) kill(pid);
    const stopped = this.mzr(['daemon', 'stop', '--force'], { cwd: this.root });
    if (stopped.status !== 0 && !stopped.err.includes('E_DAEMON')) left.push(`daemon stop: ${stopped.err}`);
    await until(() => this.processes().length === 0, 'every process ends').catch(() => undefined);
    left.push(...this.processes().map((pid) => `process ${pid}: ${commandOf(pid)}`));
    for (const pid of this.processes()) kill(pid);
    const mounts = fs.readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
    left.push(...mounts.filter((line) => line.includes(this.root)).map((line) => `mount ${line}`));
    // As the user: what he made with `mzr` he must be able to remove.
    const [file = '', ...args] = [...this.lead, 'rm', '-rf', this.root];
    const { stderr } = spawnSync(file, args, { encoding: 'utf8' });
    if (fs.existsSync(this.root)) left.push(`${this.root}: ${stderr}`);
    if (left.length > 0) throw new Error(`Left behind: ${left.join('; ')}`);
  }

  /** Living processes of this world: their environment or command line names its root, or they have its hub mounted. */
  processes(): number[] {
    return fs
      .readdirSync('/proc')
      .map(Number)
      .filter((pid) => Number.isInteger(pid) && pid !== process.pid && this.owns(pid));
  }

  private spawn(argv: readonly string[], cwd: string): ChildProcessWithoutNullStreams {
    const [file = '', ...args] = [...this.lead, ...argv];
    const child = spawn(file, args, { cwd, env: this.environment, stdio: ['pipe', 'pipe', 'pipe'] });
    this.children.add(child);
    child.on('close', () => this.children.delete(child));
    return child;
  }

  private owns(pid: number): boolean {
    try {
      const state = /^State:\s*(\w)/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
      if (state === 'Z' || state === 'X') return false;
      const says = (file: string, text: string): boolean =>
        fs.readFileSync(`/proc/${pid}/${file}`, 'latin1').includes(text);
      // Of mounts only the hub's: one that a test made on this machine is seen by everybody's processes.
      return (
        says('environ', this.root) || says('cmdline', this.root) || says('mountinfo', path.join(this.root, 'state'))
      );
    } catch {
      return false;
    }
  }

  /** Runs a program as the user to its end. */
  start(argv: readonly string[], { cwd = this.tree, input = '', env = {} }: Start = {}): Outcome {
    const [file = '', ...args] = [...this.lead, ...argv];
    const options = { cwd, input, env: { ...this.environment, ...env }, encoding: 'utf8', timeout: 120_000 } as const;
    const { status, stdout, stderr, error } = spawnSync(file, args, { ...options, maxBuffer: 1 << 27 });
    if (error !== undefined) throw error;
    return { status, out: stdout, err: stderr };
  }

  private must({ status, out, err }: Outcome, what: string): string {
    if (status !== 0) throw new Error(`Exit ${status} as ${this.user}: ${what}\n${out}${err}`);
    return out;
  }
}

function isService(pid: number): boolean {
  return /\/daemon\/[\w-]+\.js\b/.test(commandOf(pid));
}

function commandOf(pid: number): string {
  try {
    return fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended already.
  }
}
