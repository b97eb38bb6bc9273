import { spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fitDirectory } from './fit-directory.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The example with make and a C compiler, and the same house for a machine without them. */
const variants = {
  c: { build: 'make', program: 'build/house', colour: 'include/colour.h' },
  node: { build: 'node build.mjs', program: 'node build/house.mjs', colour: 'include/colour.txt' },
};

/**
 * A temporary place with the example as a git repository (`project`), and an environment in which home, settings and state lie there
 * too. `remove` ends the daemon that was started in it and deletes all of it.
 */
export function makeDemoWorld() {
  const directory = mkdtempSync(join(fitDirectory(), 'mizer-demo-'));
  for (const name of ['home', 'bin', 'config', 'state', 'cache', 'run', 'tmp'])
    mkdirSync(join(directory, name), { mode: 0o700 });
  symlinkSync(join(root, 'bin/mzr.js'), join(directory, 'bin/mzr'));
  const environment = {
    PATH: [join(directory, 'bin'), process.env.PATH].join(delimiter),
    HOME: join(directory, 'home'),
    SHELL: '/bin/sh',
    LC_ALL: 'C',
    TMPDIR: join(directory, 'tmp'),
    XDG_CONFIG_HOME: join(directory, 'config'),
    XDG_STATE_HOME: join(directory, 'state'),
    XDG_CACHE_HOME: join(directory, 'cache'),
    XDG_RUNTIME_DIR: join(directory, 'run'),
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_AUTHOR_NAME: 'A Developer',
    GIT_AUTHOR_EMAIL: 'developer@example.org',
    GIT_COMMITTER_NAME: 'A Developer',
    GIT_COMMITTER_EMAIL: 'developer@example.org',
  };
  const has = (program) => spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0;
  const kind = has('make') && has('cc') ? 'c' : 'node';
  const project = join(directory, 'house');
  cpSync(join(root, 'examples/contexts', kind), project, { recursive: true });
  for (const argv of [
    ['init', '--quiet', '--initial-branch=main'],
    ['add', '.'],
    ['commit', '--quiet', '--message=A house'],
  ]) {
    spawnSync('git', argv, { cwd: project, env: environment, stdio: 'inherit' });
  }
  const remove = () => {
    spawnSync('mzr', ['daemon', 'stop', '--force'], { cwd: directory, env: environment, stdio: 'ignore' });
    rmSync(directory, { recursive: true, force: true });
  };
  return { directory, project, environment, ...variants[kind], remove };
}

/**
 * Runs one line as a shell would, in the project, and resolves to what it printed on both streams, its exit status, and when it
 * started and ended (milliseconds).
 */
export function typed(world, line, input = '') {
  return new Promise((resolve, reject) => {
    const started = performance.now();
    const child = spawn('sh', ['-c', `${line} 2>&1`], {
      cwd: world.project,
      env: world.environment,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
    child.stdin.on('error', () => {});
    child.stdin.end(input);
    child.on('error', reject);
    child.on('close', (status) => resolve({ output, status, started, ended: performance.now() }));
  });
}
