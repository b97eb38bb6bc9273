import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';

const script = fileURLToPath(new URL('./inside/become.js', import.meta.url));
let directory: string;

beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'mizer-linux-'));
});
afterEach(() => {
  fs.rmSync(directory, { recursive: true, force: true });
});

function become(argv: readonly string[], env: Record<string, string> = {}): string {
  const { stdout, stderr, status } = spawnSync(process.execPath, [script, ...argv], {
    encoding: 'latin1',
    env: { ...process.env, ...env },
  });
  return stderr === '' && status === 0 ? stdout : `status ${status}\n${stdout}${stderr}`;
}

function writeProgram(name: string, content: string, mode = 0o755): string {
  const file = path.join(directory, name);
  fs.writeFileSync(file, content, { mode });
  return file;
}

test('the command has the process: same pid, its arguments byte for byte, its own exit status', async () => {
  const child = spawn(process.execPath, [script, 'sh', '-c', 'echo $$ "$@"; exit 7', 'sh', 'a b', '', 'é'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (data: string) => (output += data));
  const status = await new Promise((resolve) => child.once('close', resolve));
  expect([output, status]).toEqual([`${child.pid} a b  é\n`, 7]);
});

test('signals, their mask and the limit of open files are as they were before Node', () => {
  const look = 'grep -E "^Sig(Ign|Blk)" /proc/self/status; ulimit -Sn; ulimit -Hn';
  const run = (command: string): string => spawnSync('bash', ['-c', command], { encoding: 'utf8' }).stdout;
  const bare = `bash -c '${look}'`;
  const limited = 'ulimit -Sn 777;';
  expect(run(`${limited} ${process.execPath} ${script} ${bare}; :`)).toBe(run(`trap - PIPE; ${limited} ${bare}; :`));
  expect(run(`${limited} ${process.execPath} ${script} ${bare}; :`)).toMatch(/SigBlk:\t0+\nSigIgn:\t0+\n777\n/);
});

test('a command that writes into a closed pipe dies of SIGPIPE', () => {
  const { stdout } = spawnSync('bash', ['-c', `${process.execPath} ${script} yes | head -1; echo \${PIPESTATUS[0]}`], {
    encoding: 'utf8',
  });
  expect(stdout).toBe('y\n141\n');
});

test('standard streams block, and open are only they and what was open before Node', async () => {
  const look = ['sh', '-c', 'ls /proc/$$/fd; grep flags /proc/$$/fdinfo/[012]'];
  const run = async (command: string, argv: readonly string[]): Promise<string> => {
    const child = spawn(command, argv, { stdio: 'pipe' });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (data: string) => (output += data));
    await new Promise((resolve) => child.once('close', resolve));
    return output;
  };
  const output = await run(process.execPath, [script, ...look]);
  const bare = await run('sh', look.slice(1));
  expect(output.match(/^\d+$/gm)).toEqual(bare.match(/^\d+$/gm));
  const flags = output.match(/flags:\t\d+$/gm) ?? [];
  expect(flags).toHaveLength(3);
  expect(flags.filter((each) => (parseInt(each.slice(7), 8) & 0o4000) !== 0)).toEqual([]);
  const { stdout } = spawnSync('bash', ['-c', `${process.execPath} ${script} cat <(echo substituted)`], {
    encoding: 'utf8',
  });
  expect(stdout).toBe('substituted\n');
});

test('a value of the environment that is not UTF-8 reaches the command as it came', () => {
  const inner = `${process.execPath} ${script} sh -c 'printf %s "$ODD"'`;
  const { stdout } = spawnSync('bash', ['-c', `ODD=$'\\xff=\\x80' exec ${inner}`], { encoding: 'latin1' });
  expect(stdout).toBe('\u00ff=\u0080');
});

test('commands are found as a shell finds them, a script without #! too', () => {
  const program = writeProgram('program', 'echo script "$1"');
  expect(become([program, 'x'])).toBe('script x\n');
  expect(become(['program', 'y'], { PATH: `/nowhere:${directory}:/bin` })).toBe('script y\n');
  writeProgram('ls', 'not executable', 0o644);
  expect(become(['ls', '-d', '/'], { PATH: `${directory}:/bin` })).toBe('/\n');
});

test('a command that cannot be executed leaves the process as it was, and says why', () => {
  const plain = writeProgram('plain', '', 0o644);
  const lost = writeProgram('lost', '#!/nowhere/interpreter\n');
  expect(become(['no-such-command'])).toMatch(/^E_COMMAND_NOT_FOUND \d+$/);
  fs.mkdirSync(path.join(directory, 'ls'));
  expect(become(['ls'], { PATH: directory })).toMatch(/^E_COMMAND_NOT_FOUND \d+$/);
  expect(become([''])).toMatch(/^E_COMMAND_NOT_FOUND \d+$/);
  expect(become([`${directory}/missing`])).toMatch(/^E_COMMAND_NOT_FOUND \d+$/);
  expect(become([plain])).toMatch(/^E_COMMAND_NOT_EXECUTABLE \d+$/);
  expect(become(['plain'], { PATH: directory })).toMatch(/^E_COMMAND_NOT_EXECUTABLE \d+$/);
  expect(become([directory])).toMatch(/^E_COMMAND_NOT_EXECUTABLE \d+$/);
  expect(become([lost])).toMatch(/^E_COMMAND_NOT_EXECUTABLE \d+$/);
});
