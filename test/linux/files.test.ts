import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { releaseLock, takeLock } from '../../src/linux/flock.js';
import { addWatch, IN, openInotify, readEvents, removeWatch } from '../../src/linux/inotify.js';
import { closeDescriptor, errnoOf } from '../../src/linux/native.js';
import { isOpaque, isWhiteout, isWhiteoutFile, makeOpaque, makeWhiteout } from '../../src/linux/overlay-files.js';
import { peerCredentials } from '../../src/linux/peer.js';
import { poll, whenReadable } from '../../src/linux/poll.js';
import { dataRanges } from '../../src/linux/seek.js';
import { setTimes } from '../../src/linux/times.js';
import { getAttribute, listAttributes, removeAttribute, setAttribute } from '../../src/linux/xattr.js';

let directory: string;
const inside = (name: string): string => path.join(directory, name);

beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'mizer-linux-'));
});
afterEach(() => {
  fs.rmSync(directory, { recursive: true, force: true });
});

function thrown(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  return undefined;
}

test('a failed system call says which call, which path and which errno', () => {
  const error = thrown(() => setTimes(inside('missing'), 0n, 0n));
  expect(error).toMatchObject({
    code: 'E_SYSCALL',
    data: { errno: 'ENOENT', call: 'utimensat', path: inside('missing') },
  });
  expect(errnoOf(error)).toBe('ENOENT');
  expect(errnoOf(thrown(() => fs.readFileSync(inside('missing'))))).toBe('ENOENT');
  expect(thrown(() => setTimes(`${directory}\0x`, 0n, 0n))).toMatchObject({ code: 'E_PATH_INVALID' });
});

test('extended attributes keep any bytes of any length and are read from the link, not from its target', () => {
  fs.writeFileSync(inside('file'), '');
  const value = Buffer.from(Array.from({ length: 1000 }, (_, index) => index % 256));
  setAttribute(inside('file'), 'user.one', value);
  setAttribute(inside('file'), 'user.empty', Buffer.alloc(0));
  expect(getAttribute(inside('file'), 'user.one')).toEqual(value);
  expect(getAttribute(inside('file'), 'user.empty')).toEqual(Buffer.alloc(0));
  expect(getAttribute(inside('file'), 'user.none')).toBeUndefined();
  expect(
    listAttributes(inside('file'))
      .filter((name) => name.startsWith('user.'))
      .sort(),
  ).toEqual(['user.empty', 'user.one']);
  expect([removeAttribute(inside('file'), 'user.one'), removeAttribute(inside('file'), 'user.one')]).toEqual([
    true,
    false,
  ]);
  fs.symlinkSync('file', inside('link'));
  expect(getAttribute(inside('link'), 'user.empty')).toBeUndefined();
  expect(errnoOf(thrown(() => setAttribute(inside('link'), 'user.x', value)))).toBe('EPERM');
});

test('a whiteout of either form and an opaque directory are recognised, and nothing else is', () => {
  makeWhiteout(Buffer.from(inside('gone')));
  expect(isWhiteout(fs.lstatSync(inside('gone')))).toBe(true);
  expect(isWhiteout(fs.lstatSync(inside('gone'), { bigint: true }))).toBe(true);
  expect(isWhiteout(fs.lstatSync('/dev/null'))).toBe(false);
  expect(isWhiteout(fs.lstatSync(directory))).toBe(false);
  fs.writeFileSync(inside('marked'), '');
  expect(isWhiteoutFile(inside('marked'))).toBe(false);
  setAttribute(inside('marked'), 'user.overlay.whiteout', Buffer.from('y'));
  expect(isWhiteoutFile(inside('marked'))).toBe(true);
  expect(isOpaque(directory)).toBe(false);
  makeOpaque(directory);
  expect(isOpaque(directory)).toBe(true);
  expect(errnoOf(thrown(() => makeWhiteout(inside('gone'))))).toBe('EEXIST');
});

test('times are set to the nanosecond, before 1970 too, on names of any bytes, and on a link itself', () => {
  const odd = Buffer.concat([Buffer.from(`${directory}/`), Buffer.of(0xff, 0x0a, 0x80)]);
  fs.writeFileSync(odd, '');
  setTimes(odd, 1_234_567_890_123_456_789n, -1n);
  const stats = fs.lstatSync(odd, { bigint: true });
  expect([stats.atimeNs, stats.mtimeNs]).toEqual([1_234_567_890_123_456_789n, -1n]);
  fs.symlinkSync('nowhere', inside('link'));
  setTimes(inside('link'), 5n, 7n);
  expect(fs.lstatSync(inside('link'), { bigint: true }).mtimeNs).toBe(7n);
});

test('the data of a sparse file is found and its holes are left out', () => {
  fs.writeFileSync(inside('sparse'), '');
  const fd = fs.openSync(inside('sparse'), 'r+');
  expect(dataRanges(fd)).toEqual([]);
  fs.writeSync(fd, 'data', 2 ** 20);
  fs.ftruncateSync(fd, 2 ** 33);
  const ranges = dataRanges(fd);
  expect(ranges).toHaveLength(1);
  expect(ranges[0]?.start).toBeLessThanOrEqual(2 ** 20);
  expect(ranges[0]?.end).toBeGreaterThanOrEqual(2 ** 20 + 4);
  expect(ranges[0]?.end).toBeLessThan(2 ** 22);
  fs.closeSync(fd);
});

test('an exclusive lock keeps everyone else out until it is given back; shared ones agree', () => {
  const one = fs.openSync(inside('lock'), 'w');
  const two = fs.openSync(inside('lock'), 'r');
  expect(takeLock(one, 'exclusive')).toBe(true);
  expect(takeLock(two, 'shared')).toBe(false);
  const other = (): string =>
    execFileSync('flock', ['--nonblock', inside('lock'), 'echo', 'got it'], { encoding: 'utf8', stdio: 'pipe' });
  expect(other).toThrow('Command failed');
  releaseLock(one);
  expect(other()).toBe('got it\n');
  expect([takeLock(one, 'shared'), takeLock(two, 'shared'), takeLock(two, 'exclusive')]).toEqual([true, true, false]);
  fs.closeSync(one);
  expect(takeLock(two, 'exclusive', true)).toBe(true);
  fs.closeSync(two);
});

test('inotify tells every event with its bytes, and says when events were lost', () => {
  const fd = openInotify();
  const buffer = Buffer.alloc(65_536);
  expect(readEvents(fd, buffer)).toEqual([]);
  expect(poll([fd], 0)).toEqual([]);
  const wd = addWatch(fd, directory, IN.CREATE | IN.MOVED_FROM | IN.MOVED_TO | IN.ONLYDIR);
  fs.writeFileSync(Buffer.concat([Buffer.from(`${directory}/`), Buffer.of(0xe9)]), '');
  fs.mkdirSync(inside('sub'));
  fs.renameSync(inside('sub'), inside('moved'));
  expect(poll([fd], 1000)).toEqual([fd]);
  const events = readEvents(fd, buffer);
  expect(events.map(({ name, mask }) => [name, mask])).toEqual([
    ['\u00e9', IN.CREATE],
    ['sub', (IN.CREATE | IN.ISDIR) >>> 0],
    ['sub', (IN.MOVED_FROM | IN.ISDIR) >>> 0],
    ['moved', (IN.MOVED_TO | IN.ISDIR) >>> 0],
  ]);
  expect(events.every((event) => event.wd === wd)).toBe(true);
  expect(events[2]?.cookie).not.toBe(0);
  expect(events[2]?.cookie).toBe(events[3]?.cookie);
  removeWatch(fd, wd);
  removeWatch(fd, wd);
  expect(readEvents(fd, buffer)).toMatchObject([{ wd, mask: IN.IGNORED, name: '' }]);
  expect(errnoOf(thrown(() => addWatch(fd, inside('missing'), IN.CREATE)))).toBe('ENOENT');

  const limit = Number(fs.readFileSync('/proc/sys/fs/inotify/max_queued_events', 'utf8'));
  addWatch(fd, directory, IN.OPEN | IN.CLOSE_NOWRITE);
  // Two events that differ each time; equal neighbours would be merged.
  for (let count = 0; count <= limit / 2; count++) fs.closeSync(fs.openSync(inside('moved'), 'r'));
  let last: unknown;
  for (let some = readEvents(fd, buffer); some.length > 0; some = readEvents(fd, buffer)) last = some.at(-1);
  expect(last).toMatchObject({ wd: -1, mask: IN.Q_OVERFLOW });
  closeDescriptor(fd);
});

test('a readable descriptor is told to the event loop', async () => {
  const fd = openInotify();
  addWatch(fd, directory, IN.CREATE);
  const event = await new Promise<string | undefined>((resolve) => {
    const stop = whenReadable(fd, () => {
      stop();
      resolve(readEvents(fd, Buffer.alloc(4096))[0]?.name);
    });
    fs.writeFileSync(inside('new'), '');
  });
  expect(event).toBe('new');
  closeDescriptor(fd);
});

test('the kernel says who is at the other end of a socket', async () => {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(inside('socket'), resolve));
  const script = `require('net').connect(${JSON.stringify(inside('socket'))})`;
  const accepted = new Promise<net.Socket>((resolve) => server.once('connection', resolve));
  const { spawn } = await import('node:child_process');
  const child = spawn(process.execPath, ['-e', script], { stdio: 'inherit' });
  const socket = await accepted;
  const { fd } = (socket as unknown as { _handle: { fd: number } })._handle;
  expect(peerCredentials(fd)).toEqual({ pid: child.pid, uid: process.getuid?.(), gid: process.getgid?.() });
  socket.destroy();
  child.kill();
  server.close();
});
