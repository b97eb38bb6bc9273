import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { catalogue } from '../../src/cli/catalogue.js';
import { joinAtEquals } from '../../src/cli/completion/words.js';
import { mzr } from './mzr.js';
import { installed, type ShellWorld, shellWorld } from './shell-world.js';

let world: ShellWorld;
let repository = '';
beforeAll(() => {
  world = shellWorld();
  repository = join(world.root, 'repository');
  mkdirSync(join(repository, 'somewhere'), { recursive: true });
  writeFileSync(join(repository, 'some.env'), '');
  const git = (...words: string[]): void => {
    spawnSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...words], { cwd: repository });
  };
  git('init', '-q', '-b', 'main');
  git('commit', '-q', '--allow-empty', '-m', 'one');
  git('branch', 'feature/login');
  git('branch', 'odd$(touch${IFS}owned)');
});
afterAll(() => world.remove());

/** What `mzr __complete` answers for a line; the last word is the one being typed. */
const answers = (shell: string, ...words: readonly string[]): readonly string[] => {
  const { status, out, err } = mzr(['__complete', shell, 'mzr', ...words], {
    XDG_RUNTIME_DIR: join(world.root, 'run'),
  });
  expect({ status, err }).toEqual({ status: 0, err: '' });
  return out === ''
    ? []
    : out
        .trimEnd()
        .split('\n')
        .map((line) => line.split('\t')[0] ?? '');
};

describe('what can follow', () => {
  test('after mzr, every command', () => {
    expect(answers('zsh', '')).toEqual([...catalogue.map(({ name }) => name), '--help', '--version']);
    expect(answers('zsh', 'sna')).toEqual(['snapshots', 'snapshot']);
  });

  test('options of the command, also after some', () => {
    expect(answers('zsh', 'run', '--cl')).toEqual(['--clean']);
    expect(answers('zsh', 'diff', 'c', '--name')).toEqual(['--name-status']);
    expect(answers('zsh', 'list', '--')).toEqual(['--all', '--json', '--help']);
  });

  test('values of an option, behind it or behind an equals sign', () => {
    expect(answers('zsh', 'run', '--cpu', '1')).toEqual(['100%', '150%']);
    expect(answers('zsh', 'run', '--cpu=1')).toEqual(['100%', '150%']);
    expect(answers('fish', 'run', '--cpu=1')).toEqual(['--cpu=100%', '--cpu=150%']);
    expect(answers('bash', 'run', '--cpu', '=', '1')).toEqual(['100%', '150%']);
    expect(answers('bash', 'run', '--cpu', '=')).toEqual(['50%', '100%', '150%', '200%']);
  });

  test('words of a choice, and files, directories and branches by the shell', () => {
    expect(answers('zsh', 'daemon', '')).toEqual(['status', 'stop', 'log']);
    expect(answers('zsh', 'completion', 'z')).toEqual(['zsh']);
    expect(answers('zsh', 'run', '--env', '')).toEqual([':files']);
    expect(answers('zsh', 'init', '')).toEqual([':directories']);
    expect(answers('zsh', 'shell', '--branch', '')).toEqual([':branches']);
    expect(answers('zsh', 'switch', '-b', '')).toEqual([':branches']);
    expect(answers('zsh', 'switch', '')).toEqual(['-']);
  });

  test('a command to run is completed as its own, from its place on the line as the shell counts', () => {
    expect(answers('zsh', 'run', '--clean', 'gi')).toEqual([':command 3']);
    expect(answers('zsh', 'run', '--', 'git', 'sta')).toEqual([':command 3']);
    expect(answers('zsh', 'exec', 'c', 'git', '--ver')).toEqual([':command 3']);
    expect(answers('bash', 'run', '--cpu', '=', '50%', 'git', '--')).toEqual([':command 5']);
  });

  test('after the first word of a family, its commands, then as of any command', () => {
    expect(answers('zsh', 'obse')).toEqual(['observe']);
    expect(answers('zsh', 'observe', '')).toEqual(expect.arrayContaining(['ls', 'growth', 'meta', '--help']));
    expect(answers('zsh', 'observe', 'gro')).toEqual(['growth']);
    expect(answers('zsh', 'observe', 'meta', '')).toEqual(['get', 'set', 'list', '--help']);
    expect(answers('zsh', 'observe', 'growth', '--si')).toEqual(['--since']);
    expect(answers('zsh', 'observe', 'ls', '--sort', '')).toEqual(['size', 'mtime', 'name']);
    expect(answers('bash', 'observe', 'ls', '--sort', '=', 's')).toEqual(['size']);
    expect(answers('zsh', 'observe', 'ls', '--depth=a')).toEqual(['all']);
    expect(answers('zsh', 'observe', 'ls', '')).toEqual([':files']);
    expect(answers('zsh', 'help', 'observe', 'exp')).toEqual(['export']);
    expect(answers('zsh', 'observe', 'nonsense', '')).toEqual([]);
    expect(answers('zsh', 'help', 'list', '')).toEqual([]);
  });

  test('nothing where nothing can follow, or on nonsense', () => {
    expect(answers('zsh', 'show', 'c', '')).toEqual([]);
    expect(answers('zsh', 'nonsense', '')).toEqual([]);
    expect(answers('zsh', 'nonsense')).toEqual([]);
  });

  test('without a daemon names are silently none, and none is started', () => {
    expect(answers('bash', 'show', '')).toEqual([]);
    expect(answers('bash', 'run', '--from', '')).toEqual([]);
    expect(readdirSync(join(world.root, 'run/mizer'))).toEqual([]);
  });
});

test('words that bash broke at equals signs are whole again, each where it began', () => {
  expect(joinAtEquals(['mzr', 'run', '--cpu', '=', '50%', 'x', '=', 'y'])).toEqual([
    { text: 'mzr', index: 0 },
    { text: 'run', index: 1 },
    { text: '--cpu=50%', index: 2 },
    { text: 'x', index: 5 },
    { text: '=', index: 6 },
    { text: 'y', index: 7 },
  ]);
});

describe('in the shells themselves', () => {
  const env = (): NodeJS.ProcessEnv => ({
    ...process.env,
    PATH: `${world.path}:${process.env['PATH'] ?? ''}`,
    HOME: world.root,
    XDG_RUNTIME_DIR: join(world.root, 'run'),
  });
  const inBash = (...words: readonly string[]): readonly string[] => {
    const script =
      '. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); compopt() { :; }; _mzr; printf "%s\\n" "${COMPREPLY[@]}"';
    const { stdout } = spawnSync('bash', ['-c', script, 'bash', world.code('completion', 'bash'), 'mzr', ...words], {
      cwd: repository,
      encoding: 'utf8',
      env: env(),
    });
    return stdout.trimEnd().split('\n');
  };
  const inFish = (line: string): readonly string[] => {
    const script = `source '${world.code('completion', 'fish')}'; complete -C "${line}"`;
    const { stdout } = spawnSync('fish', ['-N', '-c', script], { cwd: repository, encoding: 'utf8', env: env() });
    return stdout
      .trimEnd()
      .split('\n')
      .map((found) => found.split('\t')[0] ?? '');
  };

  test('bash completes commands, options, values, files and branches', () => {
    expect(inBash('swi')).toEqual(['switch']);
    expect(inBash('run', '--cle')).toEqual(['--clean']);
    expect(inBash('run', '--env', 'some').toSorted()).toEqual(['some.env', 'somewhere']);
    expect(inBash('init', 'some')).toEqual(['somewhere']);
    expect(inBash('switch', '-b', 'fea')).toEqual(['feature/login']);
    expect(inBash('run', 'printe')).toContain('printenv');
    expect(inBash('observe', 'gro')).toEqual(['growth']);
    expect(inBash('observe', 'ls', '--sor')).toEqual(['--sort']);
    expect(inBash('observe', 'ls', 'some').toSorted()).toEqual(['some.env', 'somewhere']);
  });

  test('a branch with the name of a trap is quoted, and runs nothing', () => {
    expect(inBash('switch', '-b', 'odd')).toEqual(['odd\\$\\(touch\\$\\{IFS\\}owned\\)']);
    expect(readdirSync(repository)).not.toContain('owned');
  });

  test.each(installed(['fish']))(
    '%s completes commands, options, values, files, branches, and the command to run',
    () => {
      expect(inFish('mzr swi')).toEqual(['switch']);
      expect(inFish('mzr run --cle')).toEqual(['--clean']);
      expect(inFish('mzr limit x --cpu=1')).toEqual(['--cpu=100%', '--cpu=150%']);
      expect(inFish('mzr run --env some').toSorted()).toEqual(['some.env', 'somewhere/']);
      expect(inFish('mzr run --env=some').toSorted()).toEqual(['--env=some.env', '--env=somewhere/']);
      expect(inFish('mzr init some')).toEqual(['somewhere/']);
      expect(inFish('mzr switch -b fea')).toEqual(['feature/login']);
      expect(inFish('mzr run printe')).toContain('printenv');
      expect(inFish('mzr observe gro')).toEqual(['growth']);
      expect(inFish('mzr observe ls --sort=s')).toEqual(['--sort=size']);
      expect(inFish('mzr observe ls some').toSorted()).toEqual(['some.env', 'somewhere/']);
    },
  );

  test.each(installed(['zsh']))('%s completes commands, options, values and branches at the Tab key', () => {
    const begin = [
      'autoload -Uz compinit; compinit -u -D',
      `eval "$(cat '${world.code('completion', 'zsh')}')"`,
      `cd '${repository}'`,
      "PROMPT='P> '",
      'mzr() { print -rl -- "ran: $*" }',
    ];
    const seen = world.typed('zsh', [
      ...begin,
      'mzr swi\t',
      'mzr run --cle\t',
      'mzr limit x --cpu=15\t',
      'mzr switch -b fea\t',
      'mzr run printe\t',
      'mzr observe gro\t--sin\t',
    ]);
    expect(seen).toContain('ran: switch\r\n');
    expect(seen).toContain('ran: run --clean\r\n');
    expect(seen).toContain('ran: limit x --cpu=150%\r\n');
    expect(seen).toContain('ran: switch -b feature/login\r\n');
    expect(seen).toContain('ran: run printenv\r\n');
    expect(seen).toContain('ran: observe growth --since\r\n');
  });
});
