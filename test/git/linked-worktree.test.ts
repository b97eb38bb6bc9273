import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { branchesInUse, prepareBranch } from '../../src/git/branches.js';
import {
  adminDirectory,
  gitFileContent,
  listRegistered,
  register,
  renameRegistration,
  repair,
  sweepRegistrations,
  unregister,
  withoutPlace,
} from '../../src/git/linked-worktree.js';
import { discover, readHead, type Repository } from '../../src/git/repository.js';
import { git, makeRepository, makeWorld, writeFiles } from '../support/git-world.js';
import { type OverlayHub, startHub } from '../support/overlay-hub.js';
import { fork, type ForkableRepository, makeForkable } from './context-world.js';

const { root } = makeWorld();
let hub: OverlayHub;

beforeAll(async () => {
  hub = await startHub();
});

function forkable(name: string, files?: Parameters<typeof makeRepository>[1]): ForkableRepository {
  return makeForkable(hub, makeRepository(path.join(root, name), files), path.join(root, 'state'));
}

/** What a careful owner does to a repository, twice: nothing of a context may be lost by it. */
function collectGarbage(workTree: string): void {
  git(workTree, 'worktree', 'prune', '--expire=now');
  git(workTree, 'reflog', 'expire', '--expire=now', '--all');
  git(workTree, 'gc', '-q', '--prune=now');
  expect(git(workTree, 'fsck', '--strict', '--full', '--no-dangling')).toBe('');
}

describe('a context as a linked work tree', () => {
  it('has its own HEAD, index and files at the work tree’s own path, over one object store', async () => {
    const repository = forkable('own');
    const one = await fork(hub, repository, 'one');
    const two = await fork(hub, repository, 'two');
    expect(one.git('status', '--porcelain')).toBe('');
    one.git('switch', '-q', '-c', 'feature');
    one.run('sh', '-c', 'echo changed > a.txt; echo new > b.txt');
    expect(one.git('status', '--porcelain')).toBe(' M a.txt\n?? b.txt');
    one.git('add', '-A');
    one.git('commit', '-qm', 'in the context');
    expect(one.git('rev-parse', '--show-toplevel')).toBe(repository.workTree);
    expect(git(repository.workTree, 'show', 'feature:b.txt')).toBe('new');
    expect(git(repository.workTree, 'status', '--porcelain')).toBe('');
    expect(two.git('status', '--porcelain')).toBe('');
    expect(two.git('rev-parse', '--abbrev-ref', 'HEAD')).toBe('HEAD');
  });

  it('refuses a branch that another has, and says where it is, as git does', async () => {
    const repository = forkable('branches');
    const one = await fork(hub, repository, 'one');
    one.git('switch', '-q', '-c', 'taken');
    expect(() => git(repository.workTree, 'switch', 'taken')).toThrow(/already (?:checked out|used by)/);
    expect(() => one.git('switch', 'main')).toThrow(/already (?:checked out|used by)/);
    const found = (await discover(repository.workTree)) as Repository;
    const head = await readHead(found);
    await expect(prepareBranch(found, 'taken', head)).rejects.toMatchObject({
      code: 'E_BRANCH_IN_USE',
      message: 'Branch taken is checked out in context one.',
      hint: 'Use that context: mzr shell one',
    });
    await expect(prepareBranch(found, 'main', head)).rejects.toMatchObject({
      code: 'E_BRANCH_IN_USE',
      data: { workTree: found.workTree },
    });
  });

  it('loses nothing to prune, gc and fsck outside: staged blobs, detached commits, its registration', async () => {
    const repository = forkable('keep');
    const one = await fork(hub, repository, 'one');
    one.run(
      'sh',
      '-c',
      'echo committed > c.txt; git add c.txt; git commit -qm detached; echo staged > s.txt; git add s.txt',
    );
    const commit = one.git('rev-parse', 'HEAD');
    const blob = one.git('rev-parse', ':s.txt');
    // An entry whose file looks a month old is what git would rewrite and prune.
    collectGarbage(repository.workTree);
    collectGarbage(repository.workTree);
    expect(git(repository.workTree, 'cat-file', '-t', commit)).toBe('commit');
    expect(git(repository.workTree, 'cat-file', '-p', blob)).toBe('staged');
    expect(one.git('log', '--format=%s', '-1')).toBe('detached');
    expect(one.git('status', '--porcelain')).toBe('A  s.txt');
    expect(readFileSync(path.join(one.admin, 'gitdir'), 'utf8')).toBe(`${one.mountPoint}/.git\n`);
    one.git('gc', '-q', '--prune=now');
    one.git('worktree', 'prune');
    expect(git(repository.workTree, 'fsck', '--strict', '--no-dangling')).toBe('');
    expect(listRegistered(repository.commonDir)).toEqual([{ name: 'one', mountPoint: one.mountPoint }]);
  });

  it('keeps the gitdir file as it was written, also where it was changed and repaired', async () => {
    const repository = forkable('aged');
    const one = await fork(hub, repository, 'one');
    const file = path.join(one.admin, 'gitdir');
    expect(statSync(file).mtimeMs).toBeGreaterThan(Date.now());
    one.git('status');
    one.git('worktree', 'repair');
    repair(one.registration);
    expect(readFileSync(file, 'utf8')).toBe(`${one.mountPoint}/.git\n`);
    expect(one.git('status', '--porcelain')).toBe('');
  });

  it('takes no space for its index and does not share what git writes to it', async () => {
    const repository = forkable('index');
    const one = await fork(hub, repository, 'one');
    const host = path.join(repository.commonDir, 'index');
    expect(statSync(path.join(one.admin, 'index')).ino).toBe(statSync(host).ino);
    const before = readFileSync(host);
    one.run('sh', '-c', 'echo x > x; git add x');
    expect(readFileSync(host).equals(before)).toBe(true);
    expect(git(repository.workTree, 'status', '--porcelain')).toBe('');
  });

  it('can stand on a branch, even one without commits', async () => {
    git(root, 'init', '-q', '-b', 'trunk', 'unborn');
    const repository = makeForkable(hub, path.join(root, 'unborn'), path.join(root, 'state'));
    const one = await fork(hub, repository, 'one', { head: { branch: 'fresh' } });
    one.run('sh', '-c', 'echo x > x; git add x; git commit -qm first');
    expect(git(repository.workTree, 'log', '--format=%s', 'fresh')).toBe('first');
  });

  it('takes over a sparse checkout without being told of another work tree', async () => {
    const repository = forkable('sparse', { 'in/a': 'a', 'out/b': 'b' });
    git(repository.workTree, 'sparse-checkout', 'set', 'in');
    git(repository.workTree, 'config', '--worktree', 'core.worktree', repository.workTree);
    const one = await fork(hub, repository, 'one');
    expect(one.git('sparse-checkout', 'list')).toBe('in');
    expect(one.git('config', '--worktree', '--get-regexp', '^core\\.').includes('worktree')).toBe(false);
    expect(withoutPlace('[core]\n\tsparseCheckout = true\n\tworktree = /x\n[other]\n\tworktree = y\n')).toBe(
      '[core]\n\tsparseCheckout = true\n[other]\n\tworktree = y\n',
    );
  });
});

describe('registration', () => {
  const registrationIn = (name: string, as = 'one') => {
    const workTree = makeRepository(path.join(root, name));
    const commonDir = path.join(workTree, '.git');
    const head = { oid: git(workTree, 'rev-parse', 'HEAD') };
    return {
      commonDir,
      gitDir: commonDir,
      name: as,
      mountPoint: `/nowhere/${as}`,
      head,
      indexFrom: path.join(commonDir, 'index'),
    };
  };

  it('refuses a name that is there, and leaves it as it is', () => {
    const registration = registrationIn('twice');
    const admin = register(registration);
    writeFileSync(path.join(admin, 'HEAD'), 'ref: refs/heads/other\n');
    expect(() => register(registration)).toThrow(expect.objectContaining({ code: 'E_WORKTREE_EXISTS' }));
    expect(readFileSync(path.join(admin, 'HEAD'), 'utf8')).toBe('ref: refs/heads/other\n');
  });

  it('leaves a clean repository when undone, also when only part of it is there', () => {
    const registration = registrationIn('undo');
    const admin = register(registration);
    rmSync(path.join(admin, 'HEAD'));
    unregister(registration.commonDir, 'one');
    unregister(registration.commonDir, 'one');
    expect(existsSync(admin)).toBe(false);
    expect(listRegistered(registration.commonDir)).toEqual([]);
    sweepRegistrations(registration.commonDir);
    expect(readdirSync(path.join(registration.commonDir, 'mizer'))).toEqual([]);
  });

  it('starts over where a crash left half of one', () => {
    const registration = registrationIn('crash');
    const half = path.join(registration.commonDir, 'mizer', 'registering', 'mizer-one');
    mkdirSync(half, { recursive: true });
    writeFileSync(path.join(half, 'index'), 'torn');
    const admin = register(registration);
    expect(readFileSync(path.join(admin, 'index')).equals(readFileSync(registration.indexFrom))).toBe(true);
  });

  it('is repaired file by file, HEAD and index kept', () => {
    const registration = registrationIn('repair');
    const admin = register(registration);
    writeFileSync(path.join(admin, 'HEAD'), 'ref: refs/heads/mine\n');
    for (const file of ['gitdir', 'locked', 'commondir', 'index']) rmSync(path.join(admin, file));
    repair(registration);
    expect(readdirSync(admin).sort()).toEqual(['HEAD', 'commondir', 'gitdir', 'index', 'locked']);
    expect(readFileSync(path.join(admin, 'HEAD'), 'utf8')).toBe('ref: refs/heads/mine\n');
    rmSync(admin, { recursive: true });
    repair(registration);
    expect(existsSync(path.join(admin, 'HEAD'))).toBe(true);
  });

  it('tells ours from the user’s, and takes another name', () => {
    const registration = registrationIn('rename');
    const workTree = path.dirname(registration.commonDir);
    git(workTree, 'worktree', 'add', '-q', '../rename-theirs');
    register(registration);
    renameRegistration(registration.commonDir, 'one', 'two');
    expect(listRegistered(registration.commonDir)).toEqual([{ name: 'two', mountPoint: '/nowhere/one' }]);
    expect(adminDirectory(registration.commonDir, 'two')).toBe(
      path.join(registration.commonDir, 'worktrees/mizer-two'),
    );
    expect(gitFileContent('/second/x/.git', 'two')).toBe('gitdir: /second/x/.git/worktrees/mizer-two\n');
  });
});

describe('branches', () => {
  const open = async (directory: string) => {
    const found = (await discover(directory)) as Repository;
    return { found, head: await readHead(found) };
  };

  it('are in use where git says so: checked out, and what a rebase or a bisect comes back to', async () => {
    const workTree = makeRepository(path.join(root, 'uses'));
    for (const branch of ['rebased', 'bisected', 'free']) git(workTree, 'branch', branch);
    writeFiles(workTree, { 'a.txt': 'main\n' });
    git(workTree, 'commit', '-qam', 'main');
    git(workTree, 'worktree', 'add', '-q', '../uses-rebase', 'rebased');
    writeFiles(path.join(root, 'uses-rebase'), { 'a.txt': 'side\n' });
    git(path.join(root, 'uses-rebase'), 'commit', '-qam', 'side');
    expect(() => git(path.join(root, 'uses-rebase'), 'rebase', 'main')).toThrow(/could not apply/i);
    git(workTree, 'worktree', 'add', '-q', '../uses-bisect', 'bisected');
    git(path.join(root, 'uses-bisect'), 'bisect', 'start');
    git(path.join(root, 'uses-bisect'), 'checkout', '-q', '--detach');
    const { found, head } = await open(workTree);
    const uses = new Map((await branchesInUse(found)).map((use) => [use.branch, use.workTree]));
    expect(uses).toEqual(
      new Map([
        ['main', workTree],
        ['rebased', path.join(root, 'uses-rebase')],
        ['bisected', path.join(root, 'uses-bisect')],
      ]),
    );
    for (const branch of uses.keys()) {
      expect(() => git(workTree, 'worktree', 'add', '../uses-refused', branch)).toThrow(
        /already (?:checked out|used by)/,
      );
      await expect(prepareBranch(found, branch, head)).rejects.toMatchObject({ code: 'E_BRANCH_IN_USE' });
    }
    expect(await prepareBranch(found, 'free', head)).toEqual({
      branch: 'free',
      created: false,
      oid: git(workTree, 'rev-parse', 'free'),
    });
  });

  it('are made at HEAD, or to track the only remote one of that name', async () => {
    const origin = makeRepository(path.join(root, 'origin'));
    git(origin, 'branch', 'shared');
    git(root, 'clone', '-q', origin, 'clone');
    const clone = path.join(root, 'clone');
    git(clone, 'commit', '-q', '--allow-empty', '-m', 'ahead');
    const { found, head } = await open(clone);
    expect(await prepareBranch(found, 'shared', head)).toMatchObject({
      created: true,
      oid: git(origin, 'rev-parse', 'shared'),
    });
    expect(git(clone, 'rev-parse', '--abbrev-ref', 'shared@{upstream}')).toBe('origin/shared');
    expect(await prepareBranch(found, 'fresh', head)).toEqual({
      branch: 'fresh',
      created: true,
      oid: git(clone, 'rev-parse', 'HEAD'),
    });
    await expect(prepareBranch(found, 'no..good', head)).rejects.toMatchObject({ code: 'E_BRANCH_NAME' });
    await expect(prepareBranch(found, '-f', head)).rejects.toMatchObject({ code: 'E_BRANCH_NAME' });
  });
});
