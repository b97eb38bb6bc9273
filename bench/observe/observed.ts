import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const command = fileURLToPath(new URL('../../../bin/mzr.js', import.meta.url));
const filesInDirectory = 50;

/** A directory that is observed, with the commands as a user would type them. */
export class Observed {
  readonly real: string;
  readonly shadows: string;
  readonly #environment: NodeJS.ProcessEnv;

  /** Makes `files` files of up to 100 bytes, 50 to a directory, 100 directories to one above. */
  constructor(place: string, files: number) {
    this.real = join(place, `real-${files}`);
    this.shadows = join(place, `shadows-${files}`);
    for (const directory of ['home', 'state', 'config']) mkdirSync(join(place, directory), { recursive: true });
    this.#environment = {
      PATH: process.env['PATH'],
      LC_ALL: 'C',
      HOME: join(place, 'home'),
      XDG_STATE_HOME: join(place, 'state'),
      XDG_CONFIG_HOME: join(place, 'config'),
      GIT_CONFIG_NOSYSTEM: '1',
    };
    mkdirSync(this.shadows, { recursive: true });
    for (let n = 0; n < files; n += 1) {
      if (n % filesInDirectory === 0) mkdirSync(this.#directory(n), { recursive: true });
      writeFileSync(this.path(n), 'x'.repeat(n % 100));
    }
    this.mzr('init', this.real);
  }

  #directory(n: number): string {
    const number = Math.floor(n / filesInDirectory);
    return join(this.real, `group${Math.floor(number / 100)}`, `directory${number}`);
  }

  /** The `n`-th file. */
  path(n: number): string {
    return join(this.#directory(n), `file${n}.dat`);
  }

  #argv(words: readonly string[]): [string, string[]] {
    return [process.execPath, [command, 'observe', ...words, '--shadow-root', this.shadows]];
  }

  /** Milliseconds that `mzr observe` takes from start to exit. */
  mzr(...words: readonly string[]): number {
    const start = performance.now();
    execFileSync(...this.#argv(words), { env: this.#environment, stdio: ['ignore', 'ignore', 'inherit'] });
    return performance.now() - start;
  }

  /** The same, and the greatest resident memory of the process, MB. */
  async mzrWithMemory(...words: readonly string[]): Promise<{ readonly took: number; readonly megabytes: number }> {
    const start = performance.now();
    const child = spawn(...this.#argv(words), { env: this.#environment, stdio: ['ignore', 'ignore', 'inherit'] });
    let kilobytes = 0;
    const look = setInterval(() => {
      kilobytes = Math.max(kilobytes, peakOf(child.pid));
    }, 20);
    const status = await new Promise<number | null>((resolve) => child.on('close', resolve));
    clearInterval(look);
    if (status !== 0) throw new Error(`mzr observe ${words.join(' ')}: exit ${status}`);
    return { took: performance.now() - start, megabytes: kilobytes / 1024 };
  }

  /** Milliseconds that a program takes, its output thrown away. */
  timed(file: string, ...args: readonly string[]): number {
    const start = performance.now();
    execFileSync(file, args, { env: this.#environment, stdio: 'ignore' });
    return performance.now() - start;
  }

  /** What is compared with: one look at every file and its times by GNU find. */
  find(): number {
    return this.timed('find', this.real, '-printf', '%s %T@ %i %p\n');
  }

  /** Bytes that the objects of the shadow repository take, indexes included. */
  repositoryBytes(): number {
    const git = execFileSync('find', [this.shadows, '-name', 'objects', '-type', 'd', '-prune', '-print'], {
      encoding: 'utf8',
    }).trim();
    return Number(execFileSync('du', ['-sb', git], { encoding: 'utf8' }).split('\t')[0]);
  }
}

function peakOf(pid: number | undefined): number {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
