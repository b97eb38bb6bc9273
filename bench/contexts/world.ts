import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Where a benchmark happens: directories of its own, and an environment in which nothing of the person running it is read or written. */
export interface World {
  readonly directory: string;
  readonly environment: NodeJS.ProcessEnv;
}

/** A hermetic world below `directory`, which is made when it is not there. */
export function makeWorld(directory: string): World {
  const place = (name: string): string => {
    const path = join(directory, name);
    mkdirSync(path, { recursive: true, mode: 0o700 });
    return path;
  };
  const home = place('home');
  return {
    directory,
    environment: {
      PATH: [process.env['PATH'], '/usr/sbin', '/sbin'].join(delimiter),
      HOME: home,
      SHELL: '/bin/sh',
      LC_ALL: 'C',
      TMPDIR: place('tmp'),
      XDG_CONFIG_HOME: place('config'),
      XDG_STATE_HOME: place('state'),
      XDG_CACHE_HOME: place('cache'),
      XDG_RUNTIME_DIR: place('run'),
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_AUTHOR_NAME: 'Bench',
      GIT_AUTHOR_EMAIL: 'bench@example.org',
      GIT_AUTHOR_DATE: '2024-01-01T00:00:00Z',
      GIT_COMMITTER_NAME: 'Bench',
      GIT_COMMITTER_EMAIL: 'bench@example.org',
      GIT_COMMITTER_DATE: '2024-01-01T00:00:00Z',
    },
  };
}

/**
 * Runs `argv` in `cwd` and returns what it printed.
 * @throws Error when it does not exit with 0: a benchmark of something that fails measures nothing.
 */
export function run(world: World, cwd: string, argv: readonly string[], input?: string | Buffer): string {
  const [file = '', ...args] = argv;
  const result = spawnSync(file, args, {
    cwd,
    env: world.environment,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    ...(input === undefined ? {} : { input }),
  });
  if (result.status !== 0) {
    throw new Error(`${argv.join(' ').slice(0, 200)}: exit ${result.status ?? result.signal}\n${result.stderr}`, {
      cause: result.error,
    });
  }
  return result.stdout;
}

/**
 * Waits until everything written before is on the disks and they rest: else who flushes a file next pays for what another left unwritten,
 * or for the blocks of trees just removed, which are given back (discarded) long after. At most a minute.
 */
function rest(world: World): void {
  run(world, '/', ['sync']);
  let before = readFileSync('/proc/diskstats', 'utf8');
  for (let waited = 0; waited < 60_000; waited += 100) {
    run(world, '/', ['sleep', '0.1']);
    const now = readFileSync('/proc/diskstats', 'utf8');
    if (now === before) return;
    before = now;
  }
}

/** Milliseconds that `argv` takes from start to exit, on disks at rest. */
export function timed(world: World, cwd: string, argv: readonly string[]): number {
  rest(world);
  return timedAtOnce(world, cwd, argv);
}

/** The same without waiting for the disks, for what neither reads nor writes them. */
export function timedAtOnce(world: World, cwd: string, argv: readonly string[]): number {
  const start = process.hrtime.bigint();
  run(world, cwd, argv);
  return Number(process.hrtime.bigint() - start) / 1e6;
}

/** A process that goes on while others are measured. */
export interface Running {
  kill(): void;
  readonly ended: Promise<void>;
}

/** The directory of what was put aside, on the file system of the world. */
export function asideOf(world: World): string {
  return join(world.directory, 'aside');
}

let aside = 0;

/**
 * Takes a big tree out of the way without removing it before the end: ext4 gives out no inode that was freed in the last minutes, and after
 * a hundred thousand removals every file that anybody makes costs forty times as much as usual.
 */
export function putAside(world: World, path: string): void {
  mkdirSync(asideOf(world), { recursive: true });
  aside += 1;
  renameSync(path, join(asideOf(world), `${process.pid}-${aside}`));
}

/** Starts `argv` in `cwd` and does not wait for it. */
export function spawnIn(world: World, cwd: string, argv: readonly string[]): Running {
  const [file = '', ...args] = argv;
  const child = spawn(file, args, { cwd, env: world.environment, stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()));
  return { kill: () => void child.kill(), ended };
}

/** Whether a program is installed. */
export function has(world: World, program: string): boolean {
  return spawnSync('sh', ['-c', 'command -v "$1"', 'sh', program], { env: world.environment }).status === 0;
}
