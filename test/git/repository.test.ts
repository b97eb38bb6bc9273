import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { discover, operationInProgress, readHead, resolve } from '../../src/git/repository.js';
import { checkVersion, git as run, gitText, requireGit } from '../../src/git/run.js';
import { git, makeRepository, makeWorld, writeFiles } from '../support/git-world.js';

const { root } = makeWorld();

describe('running git', () => {
  it('leaks nothing of the repository the caller stands in', async () => {
    const inner = makeRepository(path.join(root, 'leak'));
    process.env['GIT_DIR'] = path.join(root, 'nowhere');
    process.env['GIT_INDEX_FILE'] = path.join(root, 'nothing');
    try {
      expect(await gitText(['rev-parse', '--show-toplevel'], { cwd: inner })).toBe(inner);
      expect(await gitText(['ls-files'], { cwd: inner })).toBe('a.txt');
    } finally {
      delete process.env['GIT_DIR'];
      delete process.env['GIT_INDEX_FILE'];
    }
  });

  it('starts no hook and no fsmonitor that the repository names', async () => {
    const repository = makeRepository(path.join(root, 'hooks'));
    const mark = path.join(root, 'hook-ran');
    const hook = `#!/bin/sh\ntouch ${mark}\n`;
    writeFiles(repository, {
      '.git/hooks/reference-transaction': { executable: hook },
      '.git/watch': { executable: hook },
    });
    git(repository, 'config', 'core.fsmonitor', path.join(repository, '.git/watch'));
    await run(['status', '--porcelain'], { cwd: repository, mayWrite: true });
    await run(['update-ref', 'refs/x/y', 'HEAD'], { cwd: repository });
    expect(readdirSync(root)).not.toContain('hook-ran');
    git(repository, 'update-ref', 'refs/x/z', 'HEAD');
    expect(readdirSync(root)).toContain('hook-ran');
  });

  it('gives and takes bytes', async () => {
    const repository = makeRepository(path.join(root, 'bytes'));
    const content = Buffer.from([0, 255, 10, 13, 128]);
    const oid = await gitText(['hash-object', '-w', '--stdin'], { cwd: repository, input: content });
    const back = await run(['cat-file', 'blob', oid], { cwd: repository });
    expect(back.stdout.equals(content)).toBe(true);
  });

  it('turns a failure into an error with what git said', async () => {
    const repository = makeRepository(path.join(root, 'failure'));
    await expect(run(['rev-parse', '--verify', 'nothing'], { cwd: repository })).rejects.toMatchObject({
      code: 'E_GIT',
      message: 'git rev-parse: Needed a single revision.',
    });
    await expect(run(['status'], { cwd: path.join(root, 'absent') })).rejects.toMatchObject({ code: 'E_GIT_MISSING' });
  });

  it('asks for git 2.39 or later', async () => {
    expect(await requireGit()).toMatch(/^[0-9]+\.[0-9]+/);
    expect(checkVersion('git version 2.39.5 (Apple Git-154)')).toBe('2.39.5');
    expect(checkVersion('git version 3.0.1')).toBe('3.0.1');
    expect(() => checkVersion('git version 2.38.9')).toThrow(expect.objectContaining({ code: 'E_GIT_OLD' }));
  });
});

describe('discovery', () => {
  it('finds the repository from any directory of its work tree', async () => {
    const workTree = makeRepository(path.join(root, 'plain'), { 'deep/er/x': 'x' });
    const gitDir = path.join(workTree, '.git');
    const expected = { workTree, gitDir, commonDir: gitDir, isLinkedWorktree: false, objectFormat: 'sha1' };
    expect(await discover(workTree)).toEqual(expected);
    expect(await discover(path.join(workTree, 'deep/er'))).toEqual(expected);
  });

  it('finds no repository in a plain directory and none in a git directory', async () => {
    mkdirSync(path.join(root, 'empty'));
    expect(await discover(path.join(root, 'empty'))).toBeUndefined();
    expect(await discover(path.join(makeRepository(path.join(root, 'inside')), '.git'))).toBeUndefined();
  });

  it('tells a linked work tree and a submodule from their common git directory', async () => {
    const main = makeRepository(path.join(root, 'main'));
    git(main, 'worktree', 'add', '-q', '../linked');
    expect(await discover(path.join(root, 'linked'))).toMatchObject({
      workTree: path.join(root, 'linked'),
      gitDir: path.join(main, '.git/worktrees/linked'),
      commonDir: path.join(main, '.git'),
      isLinkedWorktree: true,
    });
    git(main, 'submodule', '--quiet', 'add', path.join(root, 'plain'), 'sub');
    const gitDir = path.join(main, '.git/modules/sub');
    expect(await discover(path.join(main, 'sub'))).toMatchObject({
      workTree: path.join(main, 'sub'),
      gitDir,
      commonDir: gitDir,
    });
  });

  it('refuses a bare repository', async () => {
    git(root, 'init', '-q', '--bare', 'bare');
    await expect(discover(path.join(root, 'bare'))).rejects.toMatchObject({ code: 'E_BARE' });
  });

  it('knows SHA-256 repositories', async () => {
    git(root, 'init', '-q', '--object-format=sha256', 'wide');
    expect(await discover(path.join(root, 'wide'))).toMatchObject({ objectFormat: 'sha256' });
  });

  it("refuses another user's repository with git's own way to allow it", async () => {
    const repository = makeRepository(path.join(root, 'foreign'));
    // The switch git has for its own tests: whoever owns a repository is taken for somebody else. So it needs no second user.
    const before = process.env['PATH'];
    const real = execFileSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).trim();
    const wrapper = `#!/bin/sh\nGIT_TEST_ASSUME_DIFFERENT_OWNER=1 exec ${real} "$@"\n`;
    writeFiles(root, { 'bin/git': { executable: wrapper } });
    process.env['PATH'] = `${root}/bin:${before ?? ''}`;
    try {
      await expect(discover(repository)).rejects.toMatchObject({
        code: 'E_REPOSITORY_FOREIGN',
        hint: `If you trust it, run \`git config --global --add safe.directory ${repository}\`.`,
      });
    } finally {
      process.env['PATH'] = before;
    }
    expect(await discover(repository)).toMatchObject({ workTree: repository });
  });

  it('says what is wrong with a repository git cannot use', async () => {
    const repository = makeRepository(path.join(root, 'future'));
    git(repository, 'config', 'core.repositoryFormatVersion', '99');
    await expect(discover(repository)).rejects.toMatchObject({ code: 'E_REPOSITORY_UNREADABLE' });
  });
});

describe('HEAD', () => {
  const headOf = async (directory: string) => {
    const repository = await discover(directory);
    if (repository === undefined) throw new Error('no repository');
    return readHead(repository);
  };

  it('is a branch with its commit, loose or packed', async () => {
    const repository = makeRepository(path.join(root, 'head'));
    const oid = git(repository, 'rev-parse', 'HEAD');
    expect(await headOf(repository)).toEqual({ branch: 'main', oid });
    git(repository, 'pack-refs', '--all');
    expect(await headOf(repository)).toEqual({ branch: 'main', oid });
    for (const branch of ['team/größe', 'a\u2028b\u00a0']) {
      git(repository, 'switch', '-q', '-c', branch);
      expect(await headOf(repository)).toEqual({ branch, oid });
    }
  });

  it('is a commit alone when detached, a branch alone before the first commit', async () => {
    const repository = makeRepository(path.join(root, 'detached'));
    git(repository, 'switch', '-q', '--detach');
    expect(await headOf(repository)).toEqual({ oid: git(repository, 'rev-parse', 'HEAD') });
    git(root, 'init', '-q', '-b', 'trunk', 'unborn');
    expect(await headOf(path.join(root, 'unborn'))).toEqual({ branch: 'trunk' });
  });

  it('resolves names and knows which mean nothing', async () => {
    const repository = makeRepository(path.join(root, 'names'));
    expect(await resolve(repository, 'main^{commit}')).toBe(git(repository, 'rev-parse', 'main'));
    expect(await resolve(repository, 'nothing')).toBeUndefined();
    expect(await resolve(repository, '--all')).toBeUndefined();
  });
});

it('an operation in progress is seen', () => {
  const repository = makeRepository(path.join(root, 'operation'));
  const gitDir = path.join(repository, '.git');
  expect(operationInProgress(gitDir)).toBeUndefined();
  git(repository, 'bisect', 'start');
  expect(operationInProgress(gitDir)).toBe('bisect');
  git(repository, 'bisect', 'reset');
  git(repository, 'switch', '-q', '-c', 'side');
  writeFileSync(path.join(repository, 'a.txt'), 'side\n');
  git(repository, 'commit', '-qam', 'side');
  git(repository, 'switch', '-q', 'main');
  writeFileSync(path.join(repository, 'a.txt'), 'main\n');
  git(repository, 'commit', '-qam', 'main');
  expect(() => git(repository, 'merge', 'side')).toThrow(/failed/);
  expect(operationInProgress(gitDir)).toBe('merge');
  git(repository, 'merge', '--abort');
  expect(() => git(repository, 'rebase', 'side')).toThrow(/failed/);
  expect(operationInProgress(gitDir)).toBe('rebase');
});
