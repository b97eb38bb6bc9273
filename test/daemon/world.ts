import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { setTimeout as pause } from 'node:timers/promises';
import type { DaemonStatus, ContextInfo, OpenSessionParams, OpenSessionResult } from '../../src/protocol/messages.js';

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
export const ownUid = process.getuid?.() ?? 0;

/** Whom to test as: root tests both kinds of user, an ordinary user himself. */
export const users: readonly number[] = ownUid === 0 ? [0, 1001] : [ownUid];

export interface Ended {
  readonly status: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** An error as it reached a client. */
export class ClientError extends Error {
  readonly code: string;
  readonly hint: string;
  constructor(error: { readonly code: string; readonly message: string; readonly hint: string }) {
    super(`${error.code}: ${error.message}`);
    this.code = error.code;
    this.hint = error.hint;
  }
}

/** A client process, speaking with the daemon of its world. */
export class Client {
  readonly process: ChildProcess;
  /** As the machine sees it, also when it runs in namespaces. */
  pid = 0;
  readonly #waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: unknown) => void }>();
  #lastId = 0;
  #seen: unknown[] = [];

  constructor(process: ChildProcess) {
    this.process = process;
    if (process.stdout === null) return;
    createInterface({ input: process.stdout }).on('line', (line) => {
      const { id, result, error, seen } = JSON.parse(line) as {
        id: number;
        result: unknown;
        error?: never;
        seen?: unknown[];
      };
      this.#seen = seen ?? [];
      const asked = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error === undefined) asked?.resolve(result);
      else asked?.reject(new ClientError(error));
    });
    process.on('close', () => {
      for (const { reject } of this.#waiting.values()) reject(new Error('the client has ended'));
    });
  }

  /** Progress of the last request. */
  get seen(): readonly unknown[] {
    return this.#seen;
  }

  wait(id: number): Promise<unknown> {
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  #send(what: object): Promise<unknown> {
    const id = (this.#lastId += 1);
    this.process.stdin?.write(`${JSON.stringify({ id, ...what })}\n`);
    const answer = this.wait(id);
    // A test that fails meanwhile awaits it no more.
    answer.catch(() => undefined);
    return answer;
  }

  request(method: string, params: object): Promise<unknown> {
    return this.#send({ method, params });
  }

  status(): Promise<DaemonStatus> {
    return this.request('daemon/status', {}) as Promise<DaemonStatus>;
  }

  open(context: string, cwd: string, share: readonly string[] = []): Promise<OpenSessionResult> {
    const params: OpenSessionParams = { purpose: 'exec', context, cwd, command: [], make: { share }, gitSettings: {} };
    return this.request('session/open', params) as Promise<OpenSessionResult>;
  }

  /** Opens a session, runs a command in it to its end, and ends the session. */
  async inContext(context: string, cwd: string, ...argv: readonly string[]): Promise<Ended> {
    const opened = await this.open(context, cwd);
    const ended = await this.run(opened, ...argv);
    await this.endSession(opened);
    return ended;
  }

  endSession({ session, context }: OpenSessionResult): Promise<unknown> {
    return this.request('session/end', { session, context, cwd: '/', keep: false });
  }

  async list(cwd = '/'): Promise<Record<string, ContextInfo>> {
    const { contexts } = (await this.request('context/list', { cwd, all: true })) as { contexts: ContextInfo[] };
    return Object.fromEntries(contexts.map((context) => [context.name, context]));
  }

  /** Runs a command in an opened session, to its end. */
  run(opened: Pick<OpenSessionResult, 'chain' | 'handshake'>, ...argv: readonly string[]): Promise<Ended> {
    return this.#send({ opened, argv }) as Promise<Ended>;
  }

  async close(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const closed = new Promise((resolve) => this.process.once('close', resolve));
    this.process.stdin?.end();
    await closed;
  }
}

/** Directories, a user and a daemon that share nothing with others. */
export class World {
  readonly uid: number;
  readonly root: string;
  readonly tree: string;
  readonly env: NodeJS.ProcessEnv;
  readonly #children: ChildProcess[] = [];
  readonly #clients: Client[] = [];

  readonly #groups: readonly number[];

  /** @param groups supplementary ones; only root can give them */
  constructor(uid: number, env: NodeJS.ProcessEnv = {}, groups: readonly number[] = []) {
    this.uid = uid;
    this.#groups = groups;
    this.root = fs.mkdtempSync('/tmp/mz-');
    this.tree = join(this.root, 'tree');
    this.env = {
      PATH: `${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin`,
      HOME: join(this.root, 'home'),
      XDG_RUNTIME_DIR: join(this.root, 'run'),
      XDG_STATE_HOME: join(this.root, 'state'),
      FIXTURE_ROOT: this.root,
      ...env,
    };
    for (const name of [
      '',
      'home',
      'run',
      'state',
      'tree',
      'tree/sub',
      'tree/shared',
      'lower',
      'lower/sub',
      'lower/deep',
    ])
      this.directory(name);
    this.write('tree/f', 'host\n');
    this.write('lower/f', 'lower\n');
    this.write('tree/shared/s', 'host\n');
  }

  get runtime(): string {
    return join(this.root, 'run/mizer');
  }

  directory(name: string): void {
    const path = join(this.root, name);
    fs.mkdirSync(path, { recursive: true, mode: 0o700 });
    fs.chownSync(path, this.uid, this.uid);
  }

  write(name: string, text: string): void {
    const path = join(this.root, name);
    fs.writeFileSync(path, text);
    fs.chownSync(path, this.uid, this.uid);
  }

  read(name: string): string {
    return fs.readFileSync(join(this.root, name), 'utf8');
  }

  /** Starts a program as the world's user, in his environment. @param lead programs that lead somewhere first */
  spawn(argv: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
    const ids = [`--reuid=${this.uid}`, `--regid=${this.uid}`, `--groups=${this.#groups.join(',')}`];
    const [first = '', ...rest] = this.#groups.length === 0 ? argv : ['setpriv', ...ids, ...argv];
    const child = spawn(first, rest, {
      cwd: this.root,
      env: { ...this.env, ...env },
      stdio: ['pipe', 'pipe', 'inherit'],
      ...(this.uid === ownUid || this.#groups.length > 0 ? {} : { uid: this.uid, gid: this.uid }),
    });
    this.#children.push(child);
    return child;
  }

  /** Runs `connect` in a process of its own, which starts the installed daemon where none runs. */
  async start(
    env: NodeJS.ProcessEnv = {},
  ): Promise<Partial<DaemonStatus> & { said: string[]; code?: string; message?: string }> {
    const child = this.spawn([process.execPath, here('fixture-start.mjs')], env);
    let text = '';
    child.stdout?.on('data', (part: Buffer) => (text += part.toString()));
    await new Promise((resolve) => child.on('close', resolve));
    return JSON.parse(text) as DaemonStatus & { said: string[] };
  }

  /** Starts the fixture's daemon and waits until it serves. */
  async daemon(env: NodeJS.ProcessEnv = {}): Promise<void> {
    this.directory('run/mizer');
    const socket = join(this.runtime, 'socket');
    fs.rmSync(socket, { force: true });
    this.#children.splice(
      this.#children.indexOf(this.spawn([process.execPath, here('fixture-daemon.mjs'), this.runtime], env)),
      1,
    );
    await until(
      () => fs.existsSync(socket),
      'the daemon serves',
      () => this.log(),
    );
  }

  /** A client in a process of its own. @param chain what leads it into a session, when it is to be inside one */
  async client(chain: readonly string[] = []): Promise<Client> {
    const client = new Client(this.spawn([...chain, process.execPath, here('fixture-client.mjs')]));
    this.#clients.push(client);
    client.pid = (await client.wait(0)) as number;
    return client;
  }

  /** Ends the processes of this world that were started with `command`. */
  killCommand(command: string): void {
    for (const pid of this.processes()) if (commandOf(pid).trim() === command) kill(pid, 'SIGTERM');
  }

  /** Ends the processes of this world whose command line holds `text`. */
  killMatching(text: string): void {
    for (const pid of this.processes()) if (commandOf(pid).includes(text)) kill(pid, 'SIGKILL');
  }

  log(): string {
    return fs.existsSync(join(this.runtime, 'daemon.log')) ? this.read('run/mizer/daemon.log') : '';
  }

  /** Ends everything and removes the directories. Fails when mounts or processes were left behind. */
  async end(): Promise<void> {
    for (const client of this.#clients) await client.close();
    for (const child of this.#children) child.kill('SIGKILL');
    await until(
      () => this.#children.every((child) => child.exitCode !== null || child.signalCode !== null),
      'children ended',
    );
    for (const pid of this.processes()) if (isDaemon(pid)) kill(pid, 'SIGTERM');
    await until(
      () => this.processes().every((pid) => !isDaemon(pid)),
      'the daemon ended',
      () => this.log(),
    );
    const left = this.processes().map((pid) => `process ${pid}: ${commandOf(pid)}`);
    for (const pid of this.processes()) kill(pid, 'SIGKILL');
    await until(() => this.processes().length === 0, 'what was left ended');
    const mounts = fs.readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
    left.push(...mounts.filter((line) => line.includes(this.root)));
    fs.rmSync(this.root, { recursive: true });
    if (left.length > 0) throw new Error(`Left behind: ${left.join('; ')}`);
  }

  /** Living processes that belong to this world: its environment, or its mounts, name its root. */
  processes(): number[] {
    return fs
      .readdirSync('/proc')
      .map(Number)
      .filter((pid) => Number.isInteger(pid) && pid !== process.pid && this.#owns(pid));
  }

  #owns(pid: number): boolean {
    try {
      const state = /^State:\s*(\w)/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
      if (state === 'Z' || state === 'X') return false;
      return ['environ', 'cmdline', 'mountinfo'].some((file) =>
        fs.readFileSync(`/proc/${pid}/${file}`, 'latin1').includes(this.root),
      );
    } catch {
      return false;
    }
  }
}

function commandOf(pid: number): string {
  try {
    return fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

function isDaemon(pid: number): boolean {
  return /daemon[\w/.-]*\.m?js/.test(commandOf(pid));
}

export function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended already.
  }
}

/** Waits until `holds` does. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  what: string,
  detail = (): string => '',
): Promise<void> {
  for (const limit = Date.now() + 10_000; !(await holds()); await pause(10)) {
    if (Date.now() > limit) throw new Error(`It never came about that ${what}. ${detail()}`);
  }
}

/** Runs a program as another user, to its end. */
export function runAs(uid: number, argv: readonly string[], env: NodeJS.ProcessEnv): Ended {
  const run = spawnSync(argv[0] ?? '', argv.slice(1), {
    env,
    encoding: 'utf8',
    timeout: 10_000,
    ...(uid === ownUid ? {} : { uid, gid: uid }),
  });
  return run;
}
