import { readFileSync, existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { archive, deleteArchive, listArchives, restoreArchive } from '../../src/git/archive.js';
import { resetTo, resolveRevision, switchToBranch } from '../../src/git/checkout.js';
import { changesAgainstHead, isReachable } from '../../src/git/status.js';
import { git, makeRepository, makeWorld, writeFiles } from '../support/git-world.js';
import { type OverlayHub, startHub } from '../support/overlay-hub.js';
import { fork, makeForkable, type TestContext } from './context-world.js';

const { root } = makeWorld();
let hub: OverlayHub;

beforeAll(async () => {
  hub = await startHub();
});

async function contextOf(name: string, files?: Parameters<typeof makeRepository>[1]) {
  const repository = makeForkable(hub, makeRepository(path.join(root, name), files), path.join(root, 'state'));
  const context = await fork(hub, repository, 'one');
  return { repository, context, place: { cwd: context.mountPoint, through: hub.through } };
}

const shell = (context: TestContext, script: string): string => context.run('sh', '-c', script);

describe('what would be lost with a context', () => {
  it('is counted by kind, submodules, conflicts, nested repositories and commits included', async () => {
    const { context, place } = await contextOf('counted', { a: 'a\n', b: 'b\n', '.gitignore': 'ign\n' });
    const none = { tracked: 0, untracked: 0, unmerged: 0, nested: [], unreachable: 0 };
    expect(await changesAgainstHead(place)).toEqual(none);
    shell(context, 'echo x > ign');
    expect(await changesAgainstHead(place)).toEqual(none);
    shell(context, 'git mv b c; echo x >> a; mkdir d; echo x > d/one; echo x > d/two; echo x > "é"; git init -q nest');
    expect(await changesAgainstHead(place)).toEqual({ ...none, tracked: 2, untracked: 3, nested: ['nest'] });
    shell(context, 'rm -rf nest; git add -A; git commit -qm one; git commit -q --allow-empty -m two');
    expect(await changesAgainstHead(place)).toEqual({ ...none, unreachable: 2 });
    shell(context, 'git update-ref refs/bisect/bad HEAD');
    expect(await changesAgainstHead(place)).toMatchObject({ unreachable: 2 });
    shell(
      context,
      'git branch kept; git checkout -q --detach main; echo y > a; git commit -qam three; git merge kept || true',
    );
    expect(await changesAgainstHead(place)).toMatchObject({ unmerged: 1, unreachable: 1 });
  });

  it('is never hidden by the user’s settings', async () => {
    const { repository, context, place } = await contextOf('settings');
    git(repository.workTree, 'config', 'status.showUntrackedFiles', 'no');
    shell(context, 'echo x > new');
    expect(await changesAgainstHead(place)).toMatchObject({ untracked: 1 });
  });
});

describe('an archive', () => {
  it('keeps files and index of a context through garbage collection, and gives them back as they were', async () => {
    const { repository, context, place } = await contextOf('kept', { a: 'a\n', b: 'b\n', '.gitignore': 'ign\n' });
    shell(
      context,
      'git commit -q --allow-empty -m detached; echo staged > a; git add a; echo final > a; rm b; echo new > n; echo i > ign',
    );
    const before = context.git('status', '--porcelain');
    const head = context.git('rev-parse', 'HEAD');
    const made = await archive({ ...place, admin: context.admin, name: 'one' });
    expect(made).toMatchObject({ name: 'one', ref: 'refs/mizer/archive/one', head });
    expect(context.git('status', '--porcelain')).toBe(before);
    expect(context.git('rev-parse', 'HEAD')).toBe(head);
    expect(readdirSync(context.admin).filter((file) => file.includes('archive'))).toEqual([]);
    if (made === undefined) throw new Error('nothing archived');
    const host = { cwd: repository.workTree };
    expect(git(repository.workTree, 'show', `${made.ref}:n`)).toBe('new');
    expect(git(repository.workTree, 'show', `${made.staged ?? ''}:a`)).toBe('staged');
    expect(git(repository.workTree, 'ls-tree', '--name-only', made.oid)).toBe('.gitignore\na\nn');
    expect(await isReachable(host, head)).toBe(true);
    git(repository.workTree, 'gc', '-q', '--prune=now');
    expect(git(repository.workTree, 'fsck', '--strict', '--no-dangling')).toBe('');
    const again = await fork(hub, repository, 'two', { head: { oid: head } });
    await restoreArchive({ cwd: again.mountPoint, through: hub.through }, made);
    expect(again.git('status', '--porcelain')).toBe(before);
    expect(shell(again, 'cat a n; git show :a')).toBe('final\nnew\nstaged\n');
    await deleteArchive(host, made);
    expect(await listArchives(host)).toEqual([]);
  });

  it('is not made when nothing would be lost, and is made for commits alone', async () => {
    const { context, place } = await contextOf('nothing');
    const options = { ...place, admin: context.admin, name: 'one' };
    expect(await archive(options)).toBeUndefined();
    context.git('commit', '-q', '--allow-empty', '-m', 'detached');
    const made = await archive(options);
    expect(made).toMatchObject({ head: context.git('rev-parse', 'HEAD') });
    expect(made).not.toHaveProperty('staged');
    expect(await archive(options)).toBeUndefined();
  });

  it('overwrites no earlier one, remembers the branch, and lists them all', async () => {
    const { repository, context, place } = await contextOf('several');
    const options = { ...place, admin: context.admin, name: 'one' };
    shell(context, 'git switch -q -c topic; echo 1 > a.txt');
    await archive(options);
    shell(context, 'echo 2 > a.txt');
    await archive(options);
    const listed = await listArchives({ cwd: repository.workTree });
    expect(listed.map(({ name, branch }) => [name, branch])).toEqual([
      ['one', 'topic'],
      ['one-2', 'topic'],
    ]);
    expect(git(repository.workTree, 'show', 'refs/mizer/archive/one:a.txt')).toBe('1');
    expect(git(repository.workTree, 'show', 'refs/mizer/archive/one-2:a.txt')).toBe('2');
  });

  it('is made where git does not know who commits, before the first commit, and in the middle of a conflict', async () => {
    git(root, 'init', '-q', '-b', 'trunk', 'unborn');
    writeFiles(path.join(root, 'unborn'), { a: 'a\n' });
    const repository = makeForkable(hub, path.join(root, 'unborn'), path.join(root, 'state'));
    const context = await fork(hub, repository, 'one', { head: { branch: 'fresh' } });
    const place = { cwd: context.mountPoint, through: hub.through };
    const nobody = { GIT_CONFIG_GLOBAL: '/dev/null', EMAIL: '' };
    git(repository.workTree, 'config', 'user.useConfigOnly', 'true');
    const first = await archive({ ...place, environment: nobody, admin: context.admin, name: 'one' });
    expect(first).toMatchObject({ branch: 'fresh' });
    expect(first).not.toHaveProperty('head');
    shell(context, 'git add a; git commit -qm a; git switch -q -c side; echo s > a; git commit -qam s');
    shell(context, 'git switch -q fresh; echo f > a; git commit -qam f; git merge side || true');
    const second = await archive({ ...place, admin: context.admin, name: 'two' });
    expect(git(repository.workTree, 'show', `${second?.oid ?? ''}:a`)).toContain('<<<<<<<');
    expect(context.git('status', '--porcelain')).toBe('UU a');
  });

  it('refuses a context that holds another repository, whose history it could not keep', async () => {
    const { context, place } = await contextOf('nested');
    shell(
      context,
      'mkdir in; git init -q in/nest; echo x > in/nest/x; git -C in/nest add x; git -C in/nest commit -qm x',
    );
    await expect(archive({ ...place, admin: context.admin, name: 'one' })).rejects.toMatchObject({
      code: 'E_ARCHIVE_NESTED',
      data: { nested: ['in/nest'] },
    });
  });
});

describe('checking out in a context', () => {
  it('makes the tracked files those of a commit and leaves ignored ones, or removes what is asked', async () => {
    const { repository, context, place } = await contextOf('reset', { a: 'one\n', '.gitignore': '*.o\n' });
    const first = git(repository.workTree, 'rev-parse', 'HEAD');
    shell(
      context,
      'git switch -q -c topic; echo two > a; git commit -qam two; echo three > a; echo n > new; echo o > a.o; git init -q nest',
    );
    const topic = context.git('rev-parse', 'topic');
    await resetTo(place, first, { clean: false, alsoIgnored: false });
    expect(shell(context, 'cat a new a.o')).toBe('one\nn\no\n');
    expect(context.git('rev-parse', 'topic')).toBe(topic);
    expect(context.git('rev-parse', '--abbrev-ref', 'HEAD')).toBe('HEAD');
    await resetTo(place, first, { clean: true, alsoIgnored: false });
    expect(shell(context, 'ls')).toBe('a\na.o\n');
    await resetTo(place, first, { clean: true, alsoIgnored: true });
    expect(shell(context, 'ls')).toBe('a\n');
    context.git('switch', '-q', 'topic');
    shell(context, 'echo x > a; git add a');
    await resetTo(place, topic, { clean: false, alsoIgnored: false });
    expect(context.git('status', '--porcelain', '--branch')).toBe('## topic');
  });

  it('applies the user’s filters and runs no hook', async () => {
    const { repository, context, place } = await contextOf('filters', {
      '.gitattributes': 'f filter=up\n',
      f: 'text\n',
    });
    git(repository.workTree, 'config', 'filter.up.smudge', 'tr a-z A-Z');
    const mark = path.join(root, 'hook-ran');
    writeFiles(repository.workTree, { '.git/hooks/post-checkout': { executable: `#!/bin/sh\ntouch ${mark}\n` } });
    shell(context, 'rm f');
    await resetTo(place, await resolveRevision(repository.workTree, 'main'), { clean: false, alsoIgnored: false });
    await switchToBranch(place, 'unborn');
    expect(readFileSync(path.join(context.upper, 'f'), 'utf8')).toBe('TEXT\n');
    expect(context.git('symbolic-ref', 'HEAD')).toBe('refs/heads/unborn');
    expect(existsSync(mark)).toBe(false);
  });

  it('switches branches with uncommitted changes where git can, and refuses where it cannot', async () => {
    const { repository, context, place } = await contextOf('switch', { a: 'a\n', b: 'b\n' });
    git(repository.workTree, 'branch', 'topic');
    shell(context, 'echo c > b; git commit -qam c; echo x > a');
    await switchToBranch(place, 'topic');
    expect(context.git('status', '--porcelain', '--branch')).toBe('## topic\n M a');
    shell(context, 'git commit -qam x; git switch -q --detach main; echo y > a');
    await expect(switchToBranch(place, 'topic')).rejects.toMatchObject({ code: 'E_GIT' });
  });

  it('knows revisions, and says so of what is none', async () => {
    const workTree = makeRepository(path.join(root, 'revisions'));
    expect(await resolveRevision(workTree, 'HEAD')).toBe(git(workTree, 'rev-parse', 'HEAD'));
    for (const wrong of ['nothing', '--all', 'HEAD:a.txt', '']) {
      await expect(resolveRevision(workTree, wrong)).rejects.toMatchObject({ code: 'E_REV_UNKNOWN' });
    }
  });
});
