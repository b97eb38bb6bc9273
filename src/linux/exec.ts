import fs from 'node:fs';
import { constants } from 'node:os';
import { MizerError } from '../model/errors.js';
import { errnoName, errnoOf, foreign, foreignInterface, systemError, toCString, type KernelPath } from './native.js';

const execve = foreign<[Buffer, BigUint64Array, BigUint64Array]>('execve', 'int', ['void *', 'void *', 'void *']);
const fcntl = foreign<[number, number, number]>('fcntl', 'int', ['int', 'int', 'long']);
const signal = foreign<[number, number]>('signal', 'long', ['int', 'intptr_t']);
const signalMask = foreign<[number, Buffer, null]>('pthread_sigmask', 'int', ['int', 'void *', 'void *']);
const getrlimit = foreign<[number, BigUint64Array]>('getrlimit', 'int', ['int', 'void *']);
const setrlimit = foreign<[number, BigUint64Array]>('setrlimit', 'int', ['int', 'void *']);

const setDescriptorFlags = 2;
const statusFlags = { get: 3, set: 4, nonBlocking: 0x800 };
const disposition = { default: 0, ignore: 1 };
const setMask = 2;
const openFiles = 7;
const usualOpenFiles = 1024n;

export type Environment = Readonly<Record<string, string | undefined>>;

/** Whether `file` can be executed, is there and cannot, is something else or out of reach, or is not there. */
function judge(file: string): 'good' | 'denied' | 'unfit' | 'missing' {
  try {
    if (!fs.statSync(file).isFile()) return 'unfit';
  } catch (error) {
    return errnoOf(error) === 'EACCES' ? 'unfit' : 'missing';
  }
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return 'good';
  } catch {
    return 'denied';
  }
}

/** The file a shell would run: the first one in `PATH` that may be executed. */
function findCommand(name: string, searchPath: string): string {
  const isPath = name.includes('/');
  const files = isPath ? [name] : searchPath.split(':').map((directory) => `${directory || '.'}/${name}`);
  let denied: string | undefined;
  for (const file of name === '' ? [] : files) {
    const judgement = judge(file);
    if (judgement === 'good') return file;
    if (judgement === 'denied' || (isPath && judgement === 'unfit')) denied ??= file;
  }
  if (denied !== undefined) throw cannotExecute(denied, 'EACCES');
  throw new MizerError('E_COMMAND_NOT_FOUND', `The command ${JSON.stringify(name)} was not found.`, {
    group: 'failed',
    hint: 'Check its name, and PATH.',
    data: { errno: 'ENOENT', command: name },
  });
}

function cannotExecute(file: string, errno: string): MizerError {
  return new MizerError('E_COMMAND_NOT_EXECUTABLE', `${file} cannot be executed (${errno}).`, {
    group: 'failed',
    hint: `Look at it with \`ls -l\`, and make it executable with \`chmod +x\`.`,
    data: { errno, command: file },
  });
}

/** The environment for execve: what Node garbled, since it was not UTF-8, is taken from the kernel as it came. */
function environmentStrings(environment: Environment): KernelPath[] {
  const garbled = Object.values(environment).some((value) => value?.includes('\ufffd'));
  const original = new Map<string, Buffer>();
  if (garbled) {
    for (const entry of fs.readFileSync('/proc/self/environ', 'latin1').split('\0')) {
      const bytes = Buffer.from(entry, 'latin1');
      original.set(bytes.toString(), bytes);
    }
  }
  return Object.entries(environment)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => original.get(`${key}=${value}`) ?? `${key}=${value}`);
}

/** An array of C strings, ended by a null pointer. The strings must be kept as long as it is used. */
function pointers(strings: readonly Buffer[]): BigUint64Array {
  const { address } = foreignInterface();
  return BigUint64Array.from([...strings.map((string) => address(string)), 0n]);
}

/** The numbers of the signals this process ignores: Node lets SIGPIPE and SIGXFSZ be ignored. */
function ignoredSignals(): number[] {
  const mask = BigInt(`0x${/^SigIgn:\s*(\w+)/m.exec(fs.readFileSync('/proc/self/status', 'latin1'))?.[1] ?? '0'}`);
  return Array.from({ length: 64 }, (_, index) => index + 1).filter(
    (number) => ((mask >> BigInt(number - 1)) & 1n) === 1n,
  );
}

/**
 * The soft limit of open files that the command should have. Node has raised its own to the hard one and keeps no note of it, so it is
 * the parent's, which handed it down; 1024, as everywhere, where that cannot be known.
 */
function softOpenFiles(hard: bigint): bigint {
  const found = process.ppid > 1 ? openFilesOf(process.ppid) : undefined;
  const soft = found === undefined ? usualOpenFiles : found === 'unlimited' ? hard : BigInt(found);
  return soft < hard ? soft : hard;
}

/** The soft limit of open files of a process, as the kernel prints it; `undefined` for one that cannot be seen. */
function openFilesOf(pid: number | 'self'): string | undefined {
  try {
    return /^Max open files\s+(\w+)/m.exec(fs.readFileSync(`/proc/${pid}/limits`, 'latin1'))?.[1];
  } catch {
    return undefined;
  }
}

/**
 * The programs in front of a child by which it has the limit of open files that Node's parent has, not the one that Node raised for
 * itself: none where the two are the same.
 */
export function limitsOfParent(): readonly string[] {
  const soft = process.ppid > 1 ? openFilesOf(process.ppid) : undefined;
  return soft === undefined || soft === openFilesOf('self') ? [] : ['prlimit', `--nofile=${soft}:`];
}

/** Undoes what Node did to the process at its start. Gives the way back, for when the command does not start. */
function leaveNode(): () => void {
  const ignored = ignoredSignals();
  const limit = new BigUint64Array(2);
  getrlimit(openFiles, limit);
  const raised = limit.slice();
  const status = [0, 1, 2].map((fd) => fcntl(fd, statusFlags.get, 0));

  for (const number of ignored) signal(number, disposition.default);
  signalMask(setMask, Buffer.alloc(128), null);
  limit[0] = softOpenFiles(limit[1] ?? usualOpenFiles);
  setrlimit(openFiles, limit);
  for (const [fd, flags] of status.entries()) {
    if (flags < 0) continue;
    fcntl(fd, setDescriptorFlags, 0);
    if ((flags & statusFlags.nonBlocking) !== 0) fcntl(fd, statusFlags.set, flags & ~statusFlags.nonBlocking);
  }
  return () => {
    for (const number of ignored) signal(number, disposition.ignore);
    setrlimit(openFiles, raised);
    for (const [fd, flags] of status.entries()) {
      if (flags < 0) continue;
      if ((flags & statusFlags.nonBlocking) !== 0) fcntl(fd, statusFlags.set, flags);
    }
  };
}

/**
 * Turns this process into `argv`, looked up in `environment.PATH` as execvp(3) does, a script without `#!` in `/bin/sh`. The command
 * finds default signal actions, no blocked signals, the limit of open files from before Node, and standard streams that block.
 * Output still buffered in Node is lost. A signal ignored before Node started (`nohup`) is not: Node forgets it.
 * @throws MizerError `E_COMMAND_NOT_FOUND` (a shell's status 127), `E_COMMAND_NOT_EXECUTABLE` (126), `E_SYSCALL`; the process goes on as it was
 */
export function becomeCommand(argv: readonly [string, ...KernelPath[]], environment: Environment): never {
  const file = findCommand(argv[0], environment['PATH'] ?? '/usr/local/bin:/usr/bin:/bin');
  const strings = environmentStrings(environment).map(toCString);
  const environ = pointers(strings);
  const attempt = (program: string, values: readonly KernelPath[]): number => {
    const cValues = values.map(toCString);
    const result = execve(toCString(program), pointers(cValues), environ);
    // Keeps the bytes behind the pointers alive across the call.
    return cValues.length + strings.length > 0 ? result : 0;
  };
  const undo = leaveNode();
  let result = attempt(file, argv);
  if (result === -constants.errno.ENOEXEC) result = attempt('/bin/sh', ['sh', file, ...argv.slice(1)]);
  undo();
  const errno = errnoName(-result);
  if (errno === 'E2BIG') throw systemError(result, 'execve', file);
  throw cannotExecute(file, errno);
}
