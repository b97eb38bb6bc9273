import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { userKinds, World } from '../world.js';
import { leftovers } from './leftovers.js';

const isRoot = process.getuid?.() === 0;

describe.each(userKinds)('disks, as %s', (user) => {
  let world: World;
  const mounted: string[] = [];
  beforeEach(() => {
    world = new World(user);
    world.repository({ 'a.txt': 'first\n', 'deep/b.txt': 'b\n', '.gitignore': 'big\nspace/\n' });
  });
  afterEach(async () => {
    world.mzr(['daemon', 'stop', '--force']);
    for (const point of mounted.splice(0)) execFileSync('umount', [point]);
    await world.end();
  });

  /** A directory of the user's on a file system of its own. */
  function volume(name: string, size = '64m'): string {
    const point = path.join(world.root, name);
    // Without root nothing can be mounted, but shared memory is a file system of its own.
    if (!isRoot) return fs.mkdtempSync('/dev/shm/mizer-');
    fs.mkdirSync(point, { recursive: true });
    execFileSync('mount', [
      '-t',
      'tmpfs',
      '-o',
      `size=${size},uid=${world.uid},gid=${world.uid},mode=755`,
      'test',
      point,
    ]);
    mounted.push(point);
    return point;
  }

  it('keeps the store on another file system when mizer.store says so', async () => {
    const place = volume('elsewhere');
    world.host(`git config mizer.store ${place}/stores`);
    world.ok('run', '--keep=kept', '--', 'sh', '-c', 'echo changed > a.txt; rm deep/b.txt');
    expect(fs.existsSync(path.join(world.tree, '.git/mizer/layers'))).toBe(false);
    expect(fs.readdirSync(path.join(place, 'stores'))).toHaveLength(1);
    expect(world.inside('kept', 'cat a.txt; git status --short')).toBe('changed\n M a.txt\n D deep/b.txt\n');
    world.ok('daemon', 'stop');
    expect(world.inside('kept', 'cat a.txt; git status --short')).toBe('changed\n M a.txt\n D deep/b.txt\n');
    world.ok('apply', 'kept');
    expect(world.host('cat a.txt; git status --short')).toBe('changed\n M a.txt\n D deep/b.txt\n');
    world.ok('drop', '--force', 'kept');
    expect(await leftovers(world, [])).toEqual([]);
    if (!isRoot) fs.rmSync(place, { recursive: true });
  });

  it.runIf(isRoot)(
    'says that the disk is full in the middle of a snapshot, leaves the store as it was, and goes on when there is room',
    async () => {
      const place = volume('small', '12m');
      world.host(`git config mizer.store ${place}/stores`);
      // The first snapshot.
      world.host('head -c 20M /dev/urandom > big');
      expect(world.refusal('run', '--', 'true')).toMatchObject({
        code: 'E_DISK_FULL',
        hint: expect.stringContaining('gc') as string,
      });
      const [name = ''] = fs.readdirSync(path.join(place, 'stores'));
      const store = path.join(place, 'stores', name);
      expect(fs.readdirSync(path.join(store, 'layers'))).toEqual([]);
      expect(fs.readdirSync(path.join(store, 'contexts'))).toEqual([]);
      world.host('head -c 1M /dev/urandom > big');
      world.ok('gc');
      world.ok('run', '--keep=kept', '--', 'sh', '-c', 'echo changed > a.txt');
      const layers = fs.readdirSync(path.join(store, 'layers'));

      // A later one.
      world.host('head -c 20M /dev/urandom > big; echo edited > deep/b.txt');
      expect(world.refusal('run', '--', 'true')).toMatchObject({ code: 'E_DISK_FULL' });
      expect(world.refusal('snapshot')).toMatchObject({ code: 'E_DISK_FULL' });
      expect(fs.readdirSync(path.join(store, 'layers'))).toEqual(layers);
      expect(world.inside('kept', 'cat a.txt')).toBe('changed\n');
      world.host('head -c 2M /dev/urandom > big');
      expect(world.ok('run', '--', 'cat', 'a.txt', 'deep/b.txt')).toBe('first\nedited\n');
      expect(world.ok('run', '--', 'cksum', 'big')).toBe(world.host('cksum big'));

      // A context's own snapshot, and a command that fills the disk.
      expect(world.mzr(['exec', 'kept', '--', 'sh', '-c', 'head -c 20M /dev/urandom > out; test -s out']).status).toBe(
        0,
      );
      expect(world.refusal('snapshot', '--of', 'kept')).toMatchObject({ code: 'E_DISK_FULL' });
      world.inside('kept', 'rm out');
      world.ok('gc');
      world.ok('snapshot', '--of', 'kept');
      expect(world.inside('kept', 'cat a.txt; git status --short')).toBe('changed\n M a.txt\n');
      expect(fs.readdirSync(path.join(store, 'layers')).filter((layer) => layer.startsWith('.'))).toEqual([]);
      world.ok('drop', '--force', 'kept');
      expect(await leftovers(world, [])).toEqual([]);
    },
  );

  it.runIf(isRoot)(
    'says what it cannot write where the repository is on a disk that is mounted read-only',
    async () => {
      execFileSync('mount', ['--bind', world.tree, world.tree]);
      mounted.push(world.tree);
      execFileSync('mount', ['-o', 'remount,bind,ro', world.tree]);
      for (const args of [['run', 'true'], ['list']]) {
        const error = world.refusal(...args);
        expect([args, error.code, error.message.includes(`${world.tree}/.git/mizer`)]).toEqual([
          args,
          'E_WRITE_FAILED',
          true,
        ]);
      }
      world.ok('daemon', 'stop');
      execFileSync('umount', [mounted.pop() ?? '']);
      expect(world.ok('run', 'cat', 'a.txt')).toBe('first\n');
      expect(await leftovers(world, [])).toEqual([]);
    },
  );

  it.runIf(isRoot)(
    'shows what is mounted inside the tree in every context as it is outside, and copies none of it',
    async () => {
      world.host('mkdir -p mnt/inner');
      volume('tree/mnt/inner');
      world.host('echo shared > mnt/inner/file; head -c 8M /dev/zero > mnt/inner/large');
      world.ok(
        'run',
        '--keep=one',
        '--',
        'sh',
        '-c',
        'cat mnt/inner/file; echo from one > mnt/inner/file; echo x > mnt/own',
      );
      expect(world.host('cat mnt/inner/file; ls mnt')).toBe('from one\ninner\n');
      expect(world.inside('one', 'cat mnt/inner/file mnt/own')).toBe('from one\nx\n');
      expect(world.ok('run', '--', 'cat', 'mnt/inner/file')).toBe('from one\n');
      expect(world.host('du -sm .git/mizer | cut -f1').trim()).toMatch(/^[0-2]$/);
      expect(world.ok('diff', 'one', '--name-status')).not.toContain('inner');
      // A daemon that starts later finds it gone; one that runs is told where mounts propagate, which is not so on every machine.
      world.ok('daemon', 'stop');
      execFileSync('umount', [mounted.pop() ?? '']);
      expect(world.ok('run', '--', 'sh', '-c', 'ls mnt/inner; echo ok')).toBe('ok\n');
      expect(world.inside('one', 'cat mnt/own')).toBe('x\n');
      world.ok('drop', '--force', 'one');
      expect(await leftovers(world, [])).toEqual([]);
    },
  );
});
