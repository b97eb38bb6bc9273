import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type UserKind, userKinds, World } from '../acceptance/world.js';
import { Image } from '../support/image.js';

const isRoot = process.getuid?.() === 0;
const mebibyte = 1 << 20;
/** What nothing but data could take: records, indexes and the file system's own trees take less. */
const little = 12 * mebibyte;

interface Backend {
  readonly title: string;
  readonly fileSystem?: 'btrfs' | 'xfs';
  readonly isSubvolume: boolean;
}

const here: Backend = { title: 'the file system of temporary files', isSubvolume: false };
const mounted: readonly Backend[] = [
  { title: 'a btrfs subvolume (defined only for root)', fileSystem: 'btrfs', isSubvolume: true },
  { title: 'a directory on btrfs (defined only for root)', fileSystem: 'btrfs', isSubvolume: false },
  { title: 'xfs (defined only for root)', fileSystem: 'xfs', isSubvolume: false },
];
const cases = (isRoot ? [here, ...mounted] : [here]).flatMap((backend) =>
  userKinds.map((user) => ({ ...backend, user })),
);

/** A world whose work tree is a subvolume, or not, at `place`. */
function worldAt(place: string | undefined, user: UserKind, isSubvolume: boolean): World {
  const usual = process.env['TMPDIR'];
  if (place !== undefined) process.env['TMPDIR'] = place;
  try {
    const world = new World(user);
    if (isSubvolume) makeSubvolume(world, world.tree);
    return world;
  } finally {
    if (usual === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = usual;
  }
}

function makeSubvolume(world: World, at: string): void {
  fs.rmSync(at, { recursive: true, force: true });
  execFileSync('btrfs', ['subvolume', 'create', at], { stdio: 'ignore' });
  fs.chownSync(at, world.uid, world.uid);
}

function layersOf(world: World): string[] {
  const layers = path.join(world.tree, '.git/mizer/layers');
  return fs.readdirSync(layers).map((id) => path.join(layers, id, 'tree'));
}

const isRootOfSubvolume = (directory: string): boolean => fs.lstatSync(directory).ino === 256;

describe.each(cases)('contexts on $title, as $user', ({ fileSystem, isSubvolume, user }) => {
  let image: Image | undefined;
  let world: World;
  beforeAll(() => {
    image = fileSystem && new Image(fileSystem);
  });
  afterAll(() => image?.end());
  beforeEach(() => {
    world = worldAt(image?.path, user, isSubvolume);
    world.repository({ 'a.txt': 'a\n', 'dir/b.txt': 'b\n', 'dir/c.txt': 'c\n', '.gitignore': '*.out\n' });
    world.write({ 'built.out': 'built\n' });
  });
  afterEach(() => world.end());

  it('work from fork to apply, and later snapshots hold what changed', () => {
    const first = world.ok(
      'run',
      '--keep=work',
      'sh',
      '-c',
      'cat built.out; ls -A; echo more >> a.txt; rm dir/b.txt; echo n > new.txt',
    );
    expect(first).toBe('built\n.git\n.gitignore\na.txt\nbuilt.out\ndir\n');
    expect(layersOf(world).map(isRootOfSubvolume)).toEqual([isSubvolume]);
    expect(world.read('a.txt')).toBe('a\n');
    expect(world.ok('diff', '--name-status', 'work')).toBe('M\ta.txt\nD\tdir/b.txt\nA\tnew.txt\n');
    world.host('echo edited > dir/c.txt; mv built.out moved.out');
    expect(world.ok('run', 'sh', '-c', 'cat dir/c.txt; ls; git status --short')).toBe(
      'edited\na.txt\ndir\nmoved.out\n M dir/c.txt\n',
    );
    expect(world.inside('work', 'cat dir/c.txt built.out')).toBe('c\nbuilt\n');
    expect(layersOf(world)).toHaveLength(2);
    world.ok('apply', 'work');
    expect(world.host('cat a.txt new.txt; ls dir; git status --short')).toBe(
      'a\nmore\nn\nc.txt\n M a.txt\n D dir/b.txt\n M dir/c.txt\n?? new.txt\n',
    );
    world.ok('drop', '--force', 'work');
    expect(world.ok('run', 'sh', '-c', 'cat a.txt')).toBe('a\nmore\n');
  });

  it('give git and other programs files they know: status is right, and no new file is taken for an old one', () => {
    const numbers = Array.from({ length: 40 }, (_, number) => number);
    world.write(Object.fromEntries(numbers.map((number) => [`old/${number}`, `${number}\n`])));
    world.host('git add -A && git commit -q -m more');
    const script = [
      'git status --short; stat -c %i:%z:%y old/7 > ino.out',
      'mkdir new; for n in $(seq 40); do echo new > new/$n; done',
      'find . -type f -links 1 -printf "%i\\n" | sort | uniq -d',
      'touch old/3; git status --short; echo 7 again > old/7; git status --short',
    ];
    expect(world.ok('run', '--keep=work', 'sh', '-c', script.join('\n'))).toBe('?? new/\n M old/7\n?? new/\n');
    world.ok('daemon', 'stop', '--force');
    expect(world.inside('work', 'git status --short')).toBe(' M old/7\n?? new/\n');
    const before = world.inside('work', 'stat -c %i old/9 dir/b.txt; echo x >> old/9');
    expect(world.inside('work', 'stat -c %i old/9 dir/b.txt')).toBe(before);
  });

  it('a live one says so where inode numbers can meet, and only there', () => {
    const { status, err } = world.mzr(['run', '--live', 'true']);
    expect([status, err.includes('same inode number')]).toEqual([0, isSubvolume]);
  });

  it('hold files of another group, which can be changed in them', () => {
    world.write({ 'shared.out': 'shared\n' });
    if (isRoot) fs.chownSync(path.join(world.tree, 'shared.out'), world.uid, 12345);
    expect(world.ok('run', 'sh', '-c', 'echo more >> shared.out && cat shared.out')).toBe('shared\nmore\n');
  });

  it('free what dropped contexts and unused snapshots held', async () => {
    // xfs gives back what a removed file held a moment later.
    const expectUsed = async (most: number): Promise<void> => {
      await expect.poll(() => image?.used() ?? 0, { timeout: 20_000 }).toBeLessThan(most);
    };
    world.host('head -c 40000000 /dev/urandom > big.out');
    world.ok('run', '--keep=work', 'sh', '-c', 'head -c 40000000 /dev/urandom > other.out');
    const both = image?.used() ?? 0;
    world.ok('drop', '--force', 'work');
    world.ok('gc');
    if (image !== undefined) await expectUsed(both - 40_000_000 + little);
    const [layer = ''] = layersOf(world);
    world.host('rm big.out');
    world.ok('daemon', 'stop');
    // Without it the next snapshot is a whole one again, and nothing stands on the old one.
    fs.rmSync(path.join(world.tree, '.git/mizer/host.json'));
    world.ok('run', 'true');
    world.ok('gc');
    expect(layersOf(world)).toHaveLength(1);
    expect(fs.existsSync(layer)).toBe(false);
    expect(fs.readdirSync(path.join(world.tree, '.git/mizer/trash'))).toEqual([]);
    if (image !== undefined) await expectUsed(both - 80_000_000 + little);
  });

  if (fileSystem === undefined) return;

  it('take no space for what is the same: in the first snapshot, in later ones, in forks of contexts, in a copy-up', () => {
    world.host(
      'head -c 40000000 /dev/urandom > big.out; for n in $(seq 200); do head -c 100000 /dev/urandom > $n.out; done',
    );
    const start = image?.used() ?? 0;
    world.ok('run', '--keep=one', 'true');
    expect((image?.used() ?? 0) - start).toBeLessThan(little);
    world.host('cp --reflink=always big.out second.out; chmod 600 big.out');
    world.ok('run', '--keep=two', 'sh', '-c', 'chmod 640 big.out; cp --reflink=always big.out third.out || true');
    expect((image?.used() ?? 0) - start).toBeLessThan(little);
    world.ok('run', '--from', 'two', '--keep=three', 'true');
    world.ok('snapshot', '--of', 'two');
    expect((image?.used() ?? 0) - start).toBeLessThan(little);
    expect(world.inside('three', 'cmp big.out second.out && stat -c %a big.out')).toBe('640\n');
  });

  if (!isSubvolume) return;

  it('hold what is in subvolumes nested in the work tree', () => {
    makeSubvolume(world, path.join(world.tree, 'nested'));
    world.write({ 'nested/inside.out': 'inside\n' });
    const script = 'echo more >> nested/inside.out && cat nested/inside.out a.txt';
    expect(world.ok('run', 'sh', '-c', script)).toBe('inside\nmore\na\n');
    expect(world.read('nested/inside.out')).toBe('inside\n');
  });

  it('are found anew, and not empty, in a btrfs snapshot of the whole work tree', () => {
    world.ok('run', '--keep=work', 'sh', '-c', 'echo of work > a.txt');
    const copy = path.join(world.root, 'copy');
    execFileSync('btrfs', ['subvolume', 'snapshot', world.tree, copy], { stdio: 'ignore' });
    world.host('echo of copy > a.txt', copy);
    expect(world.mzr(['run', '--', 'cat', 'a.txt', 'dir/b.txt'], { cwd: copy })).toMatchObject({
      status: 0,
      out: 'of copy\nb\n',
    });
    const hurt = world.mzr(['exec', 'work', '--', 'ls'], { cwd: copy });
    expect(hurt.status).not.toBe(0);
    expect(hurt.err).toContain('is gone');
    expect(world.mzr(['gc'], { cwd: copy }).status).toBe(0);
    expect(world.inside('work', 'cat a.txt dir/b.txt')).toBe('of work\nb\n');
  });

  it('hold the work tree without its git directory, however much is in that', () => {
    world.host('cd .git && mkdir many && cd many && for n in $(seq 300); do echo $n > $n; done');
    world.ok('run', 'true');
    expect(fs.readdirSync(layersOf(world)[0] ?? '').sort()).toEqual(['.gitignore', 'a.txt', 'built.out', 'dir']);
  });

  it('work in a plain directory, whose own store no context sees', () => {
    world.host('rm -rf .git');
    world.ok('init');
    expect(world.ok('run', 'sh', '-c', 'ls -A; echo x >> a.txt; cat a.txt')).toBe(
      '.gitignore\na.txt\nbuilt.out\ndir\na\nx\n',
    );
  });
});
