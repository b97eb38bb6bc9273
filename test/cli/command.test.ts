import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { catalogue, commandsOf } from '../../src/cli/catalogue.js';
import { reference } from '../../src/cli/help/reference.js';
import { binary, mzr } from './mzr.js';

let runtime = '';
beforeAll(() => {
  runtime = mkdtempSync(join(tmpdir(), 'mizer-run-'));
});
afterAll(() => rmSync(runtime, { recursive: true }));

describe('help', () => {
  test('mzr alone tells what there is on standard error, and is wrong usage', () => {
    const { status, out, err } = mzr([]);
    expect({ status, out }).toEqual({ status: 2, out: '' });
    for (const { name } of catalogue) expect(err).toMatch(new RegExp(`^  ${name} `, 'm'));
  });

  test('mzr help and mzr --help tell the same on standard output, and are done', () => {
    const { status, out, err } = mzr(['help']);
    expect({ status, err }).toEqual({ status: 0, err: '' });
    expect(mzr(['--help']).out).toBe(out);
    expect(out).toBe(mzr([]).err);
  });

  test.each(commandsOf().map(({ name }) => name))('mzr help %s equals its --help and fits 80 columns', (name) => {
    const words = name.split(' ');
    const { status, out } = mzr(['help', ...words]);
    expect(status).toBe(0);
    expect(out).toBe(mzr([...words, '--help']).out);
    expect(out).toContain('Examples');
    const wide = out.split('\n').filter((line) => [...line].length > 80 && !line.startsWith('usage:'));
    expect(wide).toEqual([]);
  });

  test('mzr help COMMAND --json is one document', () => {
    expect(JSON.parse(mzr(['help', 'run', '--json']).out)).toMatchObject({
      name: 'run',
      usage: expect.stringContaining('mzr run'),
    });
  });

  test('a family tells its commands: alone as wrong usage, with --help or by mzr help as asked for', () => {
    const { status, out, err } = mzr(['observe']);
    expect({ status, out }).toEqual({ status: 2, out: '' });
    for (const word of ['ls', 'growth', 'export', 'meta']) expect(err).toMatch(new RegExp(`^  ${word} `, 'm'));
    expect(mzr(['observe', '--help'])).toEqual({ status: 0, out: err, err: '' });
    expect(mzr(['help', 'observe'])).toEqual({ status: 0, out: err, err: '' });
    expect(mzr(['observe', 'meta', '-h']).out).toBe(mzr(['help', 'observe', 'meta']).out);
    expect(JSON.parse(mzr(['help', 'observe', '--json']).out)).toMatchObject({ name: 'observe' });
  });

  test('docs/commands.md is what the declarations say (node scripts/reference.js writes it)', () => {
    const file = fileURLToPath(new URL('../../docs/commands.md', import.meta.url));
    expect(readFileSync(file, 'utf8')).toBe(reference());
  });

  test('mzr --version is the version of the package', () => {
    const manifest = fileURLToPath(new URL('../../package.json', import.meta.url));
    const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { readonly version: string };
    expect(mzr(['--version'])).toEqual({ status: 0, out: `mizer ${version}\n`, err: '' });
  });
});

describe('what goes wrong', () => {
  test('an unknown command is wrong usage, names the nearest, and prints nothing on standard output', () => {
    expect(mzr(['lst'])).toEqual({
      status: 2,
      out: '',
      err: "mzr: 'lst' is not a command of mzr. [E_USAGE]\nhint: Did you mean mzr list?\n",
    });
  });

  test('an unknown command of a family names the nearest of it', () => {
    expect(mzr(['observe', 'grwoth']).err).toBe(
      "mzr: 'grwoth' is not a command of mzr observe. [E_USAGE]\nhint: Did you mean mzr observe growth?\n",
    );
    expect(mzr(['observe', 'meta', 'gett']).err).toContain('Did you mean mzr observe meta get?');
    expect(mzr(['observe', 'ls', '--dpeth=1']).err).toContain('mzr observe ls has no option --dpeth');
    expect(mzr(['observe', 'ls', '--dpeth=1']).status).toBe(2);
    expect(mzr(['help', 'list', 'x']).err).toContain("'x' is one word too many");
  });

  test('with --json an error is one document on standard error, also when the words could not be read', () => {
    for (const words of [
      ['show', '--json', '--bad'],
      ['lst', '--json'],
      ['limit', 'x', '--json'],
    ]) {
      const { status, out, err } = mzr(words);
      expect({ status, out }).toEqual({ status: 2, out: '' });
      expect(Object.keys((JSON.parse(err) as { error: object }).error)).toEqual(['code', 'message', 'hint', 'data']);
    }
  });

  test('bad input starts no daemon', () => {
    const env = { XDG_RUNTIME_DIR: runtime };
    mzr(['show', '../x'], env);
    mzr(['run', '--live', '--clean', 'true'], env);
    mzr(['run', '--env', '/nonexistent', 'true'], env);
    mzr(['limit', 'x'], env);
    mzr(['shell', 'a', '--name', 'b'], env);
    mzr(['diff', 'a', '--stat', '--patch'], env);
    expect(readdirSync(runtime)).toEqual([]);
  });

  test('without a daemon, daemon status says so with status 1, and starts none', () => {
    const env = { XDG_RUNTIME_DIR: runtime };
    expect(mzr(['daemon', 'status'], env)).toMatchObject({ status: 1, err: '' });
    expect(JSON.parse(mzr(['daemon', 'status', '--json'], env).out)).toEqual({ running: false });
    expect(mzr(['daemon', 'stop'], env)).toMatchObject({ status: 0 });
    expect(mzr(['daemon', 'log'], env)).toMatchObject({ status: 3, err: expect.stringContaining('E_LOG_MISSING') });
    expect(readdirSync(join(runtime, 'mizer'))).toEqual([]);
  });

  test('a directory that is gone is a refusal that says what to do', () => {
    const { status, stderr } = spawnSync(
      'sh',
      [
        '-c',
        'cd "$1" && rmdir "$1" && unset PWD && exec "$2" "$3" list',
        'sh',
        mkdtempSync(join(tmpdir(), 'mizer-gone-')),
        process.execPath,
        binary,
      ],
      { encoding: 'utf8', env: { ...process.env, XDG_RUNTIME_DIR: runtime } },
    );
    expect(status).toBe(3);
    expect(stderr).toContain('E_CWD_GONE');
  });
});

describe('streams', () => {
  test('a pipe gets no colours unless they are forced', () => {
    expect(mzr(['help']).out).not.toContain('\u001b');
    expect(mzr(['help'], { FORCE_COLOR: '1' }).out).toContain('\u001b[1m');
    expect(mzr(['help'], { FORCE_COLOR: '1', NO_COLOR: '1' }).out).not.toContain('\u001b');
  });

  test('a terminal gets colours, and none with NO_COLOR', () => {
    const onTerminal = (env: Record<string, string>): string => {
      const { FORCE_COLOR: _, NO_COLOR: __, ...inherited } = process.env;
      const line = `'${process.execPath}' '${binary}' help`;
      return spawnSync('script', ['-qec', line, '/dev/null'], {
        encoding: 'utf8',
        env: { ...inherited, TERM: 'xterm', ...env },
      }).stdout;
    };
    expect(onTerminal({})).toContain('\u001b[1m');
    expect(onTerminal({ NO_COLOR: '1' })).not.toContain('\u001b[1m');
  });

  test('a reader that goes away is no error', () => {
    const { status, stderr, stdout } = spawnSync(
      'bash',
      [
        '-c',
        'for i in 1 2 3 4 5; do "$0" "$1" help --json; echo "${PIPESTATUS[0]}" >&2; done | true',
        process.execPath,
        binary,
      ],
      { encoding: 'utf8' },
    );
    expect(status).toBe(0);
    expect(stdout).toBe('');
    expect(new Set(stderr.trim().split('\n'))).toEqual(new Set(['141']));
  });

  test('much output into a slow, non-blocking pipe arrives whole', () => {
    const whole = mzr(['help', '--json']).out;
    const slow = `const { stdout } = require('node:child_process').spawn(process.execPath, [process.argv[1], 'help', '--json'], { stdio: ['ignore', 'pipe', 'inherit'] });
      let text = ''; stdout.on('data', (part) => { text += part; stdout.pause(); setTimeout(() => stdout.resume(), 20); }); stdout.on('end', () => process.stdout.write(String(text.length)));`;
    const { stdout } = spawnSync(process.execPath, ['-e', slow, binary], { encoding: 'utf8' });
    expect(Number(stdout)).toBe(whole.length);
  });
});
