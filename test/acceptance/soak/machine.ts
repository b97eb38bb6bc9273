import { type ChildProcessWithoutNullStreams, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { asOrdinaryUser, giveToOrdinaryUser, packageRoot } from '../../support/ordinary-user.js';

export interface Outcome {
  readonly status: number | null;
  readonly output: string;
  readonly errors: string;
}

/** Prints each file of the tree one stands in with its content, as the model's `listed` does. */
const listing = `find . -name .git -prune -o -type f -print | LC_ALL=C sort | while read -r f; do printf '%s\\t' "$f"; cat "$f"; done`;
const mark = '--end-of-answer--';

/** The real command, for one user, in directories of its own. */
export class Machine {
  readonly tree: string;
  /** A script that prints each file with its content, as the model's `listed` does. */
  readonly listing = listing;
  private readonly root: string;
  private readonly environment: NodeJS.ProcessEnv;
  private readonly wrap: (argv: readonly string[]) => string[];
  private readonly command: string;
  private readonly children = new Set<ChildProcessWithoutNullStreams>();

  constructor(user: 'root' | 'ordinary user') {
    this.root = realpathSync(mkdtempSync(path.join(tmpdir(), 'mizer-soak-')));
    chmodSync(this.root, 0o755);
    this.tree = path.join(this.root, 'tree');
    for (const name of ['tree', 'home', 'run', 'state', 'config', 'tmp']) {
      mkdirSync(path.join(this.root, name), { mode: name === 'run' ? 0o700 : 0o755 });
    }
    this.command = path.join(packageRoot, 'bin/mzr.js');
    this.wrap = user === 'root' ? (argv) => [...argv] : asOrdinaryUser;
    if (user !== 'root') giveToOrdinaryUser(this.root);
    this.environment = {
      PATH: process.env['PATH'],
      LC_ALL: 'C',
      SHELL: '/bin/sh',
      HOME: path.join(this.root, 'home'),
      TMPDIR: path.join(this.root, 'tmp'),
      XDG_RUNTIME_DIR: path.join(this.root, 'run'),
      XDG_STATE_HOME: path.join(this.root, 'state'),
      XDG_CONFIG_HOME: path.join(this.root, 'config'),
      GIT_CONFIG_NOSYSTEM: '1',
    };
    const identity = 'git config user.name Ada && git config user.email ada@example.org';
    const first =
      'echo build/ > .gitignore && mkdir -p dir && echo 0 > a && echo 1 > dir/a && mkdir build && echo 2 > build/a';
    this.host(`git init -q -b main && ${identity} && ${first} && git add . && git commit -q -m first`);
  }

  /** Runs a script in the host view. @throws Error when it fails */
  host(script: string): string {
    const { status, output, errors } = this.start(['sh', '-c', script]);
    if (status !== 0) throw new Error(`In the host view: exit ${status}\n${script}\n${errors}`);
    return output;
  }

  mzr(...args: readonly string[]): Outcome {
    return this.start([process.execPath, this.command, ...args]);
  }

  hostFiles(): string {
    return this.host(listing);
  }

  /** A shell session that stays. */
  shell(context: string): LiveShell {
    const [file = '', ...args] = this.wrap([process.execPath, this.command, 'shell', context]);
    const child = spawn(file, args, { cwd: this.tree, env: this.environment, stdio: ['pipe', 'pipe', 'pipe'] });
    this.children.add(child);
    child.on('close', () => this.children.delete(child));
    return new LiveShell(child, [process.execPath, this.command].join(' '));
  }

  /** Starts `mzr run` with a script that prints when it is ready and goes on for long; then kills the client and the script. */
  async killedRun(script: string): Promise<void> {
    const [file = '', ...args] = this.wrap([process.execPath, this.command, 'run', '--', 'sh', '-c', script]);
    const child = spawn(file, args, { cwd: this.tree, env: this.environment, stdio: ['pipe', 'pipe', 'pipe'] });
    await once(child.stdout, 'data');
    const below = execFileSync('ps', ['-o', 'pid=', '--ppid', `${child.pid}`], { encoding: 'utf8' });
    child.kill('SIGKILL');
    for (const pid of below.trim().split(/\s+/)) process.kill(Number(pid), 'SIGKILL');
    await once(child, 'close');
  }

  /** Kills the daemon or the holder as the kernel's out-of-memory killer would. */
  killService(which: 'daemon' | 'holder'): void {
    const { output } = this.mzr('daemon', 'status', '--json');
    const { pid, holder } = JSON.parse(output) as { pid: number; holder?: number };
    const victim = which === 'daemon' ? pid : holder;
    if (victim !== undefined) process.kill(victim, 'SIGKILL');
  }

  /** Ends everything that was started, removes the directories, and returns the mounts that are left. */
  close(): string {
    for (const child of this.children) child.kill('SIGKILL');
    this.mzr('daemon', 'stop', '--force');
    const left = spawnSync('grep', [this.root, '/proc/self/mountinfo'], { encoding: 'utf8' }).stdout;
    rmSync(this.root, { recursive: true, force: true, maxRetries: 3 });
    return left;
  }

  /** Processes of this machine that are still there. */
  processes(): string[] {
    const mine = execFileSync('ps', ['-e', '-o', 'pid=,args='], { encoding: 'utf8' });
    return mine.split('\n').filter((line) => line.includes(this.root));
  }

  private start(argv: readonly string[]): Outcome {
    const [file = '', ...args] = this.wrap(argv);
    const options = { cwd: this.tree, env: this.environment, encoding: 'utf8', timeout: 60_000 } as const;
    const { status, stdout, stderr } = spawnSync(file, args, options);
    return { status, output: stdout, errors: stderr };
  }
}

/** `mzr shell` with pipes: lines go in, answers come out. */
export class LiveShell {
  private buffer = '';
  private errors = '';
  private wake: () => void = () => undefined;
  ended = false;
  private readonly child: ChildProcessWithoutNullStreams;
  private readonly mzr: string;

  constructor(child: ChildProcessWithoutNullStreams, mzr: string) {
    this.child = child;
    this.mzr = mzr;
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.buffer += text;
      this.wake();
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => (this.errors += text));
    child.stdin.on('error', () => undefined);
    child.on('close', () => {
      this.ended = true;
      this.wake();
    });
  }

  /** Types `script` and resolves to what it printed. @throws Error when the shell ends over it or does not answer */
  async type(script: string): Promise<string> {
    const limit = Date.now() + 30_000;
    this.child.stdin.write(`${script}\necho ${mark}\n`);
    while (!this.buffer.includes(`${mark}\n`)) {
      if (this.ended || Date.now() > limit)
        throw new Error(`The shell ${this.ended ? 'ended' : 'is silent'}: ${this.errors}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 1000);
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    const [answer = '', ...rest] = this.buffer.split(`${mark}\n`);
    this.buffer = rest.join(`${mark}\n`);
    return answer;
  }

  files(): Promise<string> {
    return this.type(listing);
  }

  /** @returns what `mzr` complained about, if it did */
  async switchTo(context: string): Promise<string> {
    return this.type(`${this.mzr} switch ${context} 2>&1 >/dev/null; cd "$PWD"`);
  }

  /** Ends it the hard way, or by the end of its input. */
  async end(how: 'SIGKILL' | 'exit'): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      if (this.ended) resolve();
      else this.child.on('close', () => resolve());
    });
    if (how === 'exit') this.child.stdin.end();
    else this.child.kill('SIGKILL');
    await closed;
  }
}
