import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, onTestFinished, test } from 'vitest';
import { gitProvider, MizerError, type RepositoryProvider } from '../../src/library/index.js';
import { nameToBytes, WorkTree } from '../../src/live/index.js';
import { git, makeRepository, makeWorld, writeFiles } from '../support/git-world.js';
import { asOrdinaryUser, giveToOrdinaryUser, packageRoot } from '../support/ordinary-user.js';

const { root } = makeWorld();
const open: RepositoryProvider[] = [];
afterEach(() => open.splice(0).forEach((provider) => provider.close()));

async function providerOf(directory: string): Promise<RepositoryProvider> {
  const provider = await gitProvider(directory);
  open.push(provider);
  return provider;
}

function fresh(): string {
  const directory = mkdtempSync(path.join(root, 'r-'));
  chmodSync(directory, 0o755);
  return directory;
}
const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

/** What git prints, as a byte string. */
function bytesOf(cwd: string, args: readonly string[], input: string | Uint8Array = ''): string {
  const { status, stdout, stderr } = spawnSync('git', args, { cwd, input, maxBuffer: 1 << 28 });
  if (status !== 0) throw new Error(stderr.toString());
  return stdout.toString('latin1');
}

/** What `git ls-tree -r` says of a commit: `mode id<TAB>path`. */
function lsTree(directory: string, commit: string): string[] {
  const rows = bytesOf(directory, ['ls-tree', '-r', '-z', commit]).split('\0').slice(0, -1);
  return rows.map((row) => row.replace(/^(\d+) \w+ /, '$1 '));
}

/** Names of every kind, as byte strings. */
const NAMES = [
  'plain',
  'with space',
  'line\nfeed',
  'tab\t"quote"\\',
  '-dash',
  '\xff\xfe',
  'caf\xc3\xa9',
  'caf\xe9',
  '\xed\xa0\x80',
  '\xf0\x9f\x98\x80',
  '~1',
  '\xef\xbb\xbfmark',
  'x'.repeat(255),
];

function writeNames(directory: string): void {
  for (const name of NAMES) {
    const place = Buffer.from(`${directory}/`).toString('latin1') + name;
    writeFileSync(Buffer.from(place, 'latin1'), `in ${name}\n`);
  }
}

describe.each(['sha1', 'sha256'])('objects of a %s repository', (format) => {
  function repository(): string {
    const directory = fresh();
    git(directory, 'init', '-q', '-b', 'main', `--object-format=${format}`);
    writeFiles(directory, {
      'src/a.txt': 'a\n',
      'src/deep/er/b': new Uint8Array([0, 255, 10, 13]),
      run: { executable: '#!/bin/sh\n' },
      link: { link: 'src/a.txt' },
      empty: '',
    });
    mkdirSync(path.join(directory, 'names'));
    writeNames(path.join(directory, 'names'));
    git(directory, 'add', '-A');
    git(directory, 'commit', '-q', '-m', 'first');
    const submodule = git(directory, 'rev-parse', 'HEAD');
    git(directory, 'update-index', '--add', '--cacheinfo', `160000,${submodule},module`);
    git(directory, 'commit', '-q', '-m', 'second');
    return directory;
  }

  test("are git's own, with names of every kind", async () => {
    const directory = repository();
    const provider = await providerOf(directory);
    const listed: string[] = [];
    const walk = async (oid: string, prefix: string): Promise<void> => {
      for (const entry of await provider.tree(oid)) {
        const name = prefix + latin1(nameToBytes(entry.name));
        if (entry.mode === 0o40000) {
          await walk(entry.oid, `${name}/`);
          continue;
        }
        listed.push(`${entry.mode.toString(8)} ${entry.oid}\t${name}`);
        if (entry.mode !== 0o160000) {
          expect(latin1(await provider.blob(entry.oid))).toBe(bytesOf(directory, ['cat-file', 'blob', entry.oid]));
        }
      }
    };
    await walk(await provider.treeOf(git(directory, 'rev-parse', 'HEAD')), '');
    expect(listed).toEqual(lsTree(directory, 'HEAD'));
    expect(listed).toHaveLength(NAMES.length + 6);
  });

  test('a work tree upon them has the entries of git ls-tree -r', async () => {
    const directory = repository();
    const base = git(directory, 'rev-parse', 'HEAD');
    const tree = WorkTree.create({ replica: 1, base, provider: await providerOf(directory), clock: () => 0 });
    const entries: string[] = [];
    for await (const entry of tree.entries()) {
      expect(entry.status).toBe('unchanged');
      if (entry.type === 'directory') continue;
      const mode = { file: entry.executable ? '100755' : '100644', symlink: '120000', submodule: '160000' }[entry.type];
      entries.push(`${mode} ${latin1(nameToBytes(entry.path ?? ''))}`);
    }
    expect(entries.sort()).toEqual(
      lsTree(directory, 'HEAD')
        .map((row) => row.replace(/ \w+\t/, ' '))
        .sort(),
    );
    for await (const change of tree.changes()) expect(change).toBeUndefined();
  });

  test('the changes of a work tree, written back, make a commit of what it shows', async () => {
    const directory = repository();
    const base = git(directory, 'rev-parse', 'HEAD');
    const tree = WorkTree.create({ replica: 1, base, provider: await providerOf(directory), clock: () => 0 });
    const buffer = await tree.open('src/a.txt');
    buffer.edit([{ start: 0, end: 1 }], 'A – ü 😀');
    await tree.rename('src', 'source');
    await tree.rename('names/\udcff\udcfe', 'names/\udcfd');
    await tree.write('source/deep/er/b', new Uint8Array([0, 1, 2]));
    await tree.setExecutable('empty', true);
    await tree.setExecutable('run', false);
    await tree.remove('link');
    await tree.create('link', 'directory');
    await tree.create('link/new', 'text', 'new\n');
    await tree.create('to', 'symlink', 'link/new');
    await tree.remove('names/plain');

    const oidOf = (bytes: Uint8Array): string => bytesOf(directory, ['hash-object', '-w', '--stdin'], bytes).trim();
    const lines: string[] = [];
    const version = tree.version();
    for await (const { path: name, after } of tree.changes()) {
      const oid = after === undefined ? '0'.repeat(base.length) : 'oid' in after ? after.oid : oidOf(after.bytes);
      const line = `${after === undefined ? '0' : after.mode.toString(8)} ${oid}\t${name}\0`;
      // Git refuses a file where a directory still is, so what goes away goes first.
      if (after === undefined) lines.unshift(line);
      else lines.push(line);
    }
    bytesOf(directory, ['read-tree', base]);
    bytesOf(directory, ['update-index', '-z', '--index-info'], Buffer.from(lines.join(''), 'latin1'));
    const written = bytesOf(directory, ['write-tree']).trim();
    const commit = git(directory, 'commit-tree', written, '-p', base, '-m', 'third');

    const shown: string[] = [];
    for await (const entry of tree.entries()) {
      if (entry.type === 'directory') continue;
      const mode = { file: entry.executable ? '100755' : '100644', symlink: '120000', submodule: '160000' }[entry.type];
      const oid = entry.type === 'submodule' ? '-' : oidOf(await tree.read(entry));
      shown.push(`${mode} ${oid}\t${latin1(nameToBytes(entry.path ?? ''))}`);
    }
    const inGit = lsTree(directory, commit).map((row) => row.replace(/^160000 \w+/, '160000 -'));
    expect(shown.sort()).toEqual(inGit.sort());
    await tree.commit(commit, version);
    for await (const change of tree.changes()) expect(change).toBeUndefined();
    expect(tree.base).toBe(commit);
  });
});

test('an object that is missing rejects, and is there when it has come', async () => {
  const directory = makeRepository(fresh());
  const provider = await providerOf(directory);
  const coming = bytesOf(directory, ['hash-object', '--stdin'], 'to come\n').trim();
  await expect(provider.blob(coming)).rejects.toMatchObject({ code: 'E_OBJECT_MISSING' });
  git(directory, 'hash-object', '-w', 'a.txt');
  bytesOf(directory, ['hash-object', '-w', '--stdin'], 'to come\n');
  expect(latin1(await provider.blob(coming))).toBe('to come\n');
  const hidden = path.join(directory, '.git/objects');
  const commit = git(directory, 'rev-parse', 'HEAD');
  renameSync(path.join(hidden, commit.slice(0, 2)), path.join(hidden, 'away'));
  const tree = WorkTree.create({ replica: 1, base: commit, provider, clock: () => 0 });
  await expect(tree.entry('a.txt')).rejects.toMatchObject({ code: 'E_OBJECT_MISSING' });
  renameSync(path.join(hidden, 'away'), path.join(hidden, commit.slice(0, 2)));
  expect(await tree.entry('a.txt')).toMatchObject({ type: 'file' });
});

test('an object of another type, and what is no object id, reject and disturb no other question', async () => {
  const directory = makeRepository(fresh());
  const provider = await providerOf(directory);
  const [commit, tree, blob] = ['HEAD', 'HEAD^{tree}', 'HEAD:a.txt'].map((name) => git(directory, 'rev-parse', name));
  const bad = [provider.tree(blob ?? ''), provider.blob(tree ?? ''), provider.treeOf(tree ?? '')];
  const noIds = ['HEAD', '', `${blob}\n${blob}`, 'HEAD:a.txt', `${commit}^{tree}`, (blob ?? '').slice(0, 12)];
  bad.push(...noIds.flatMap((name) => [provider.blob(name), provider.tree(name), provider.treeOf(name)]));
  const good = provider.blob(blob ?? '');
  for (const result of await Promise.allSettled<unknown>(bad)) {
    expect(result).toMatchObject({ status: 'rejected', reason: { code: 'E_OBJECT_MISSING' } });
  }
  expect(latin1(await good)).toBe('a\n');
});

test('a thousand questions at once are each given their own answer', async () => {
  const directory = fresh();
  writeFiles(directory, Object.fromEntries(Array.from({ length: 200 }, (_, at) => [`f${at}`, `${at}\n`.repeat(at)])));
  makeRepository(directory);
  const provider = await providerOf(directory);
  const entries = await provider.tree(await provider.treeOf(git(directory, 'rev-parse', 'HEAD')));
  const asked = Array.from({ length: 1000 }, (_, at) => entries[at % entries.length]);
  const answers = await Promise.all(asked.map((entry) => provider.blob(entry?.oid ?? '')));
  for (const [at, entry] of asked.entries()) {
    const number = Number(entry?.name.slice(1));
    expect(latin1(answers[at] ?? new Uint8Array())).toBe(
      entry?.name === 'a.txt' ? 'a\n' : `${number}\n`.repeat(number),
    );
  }
});

test('a provider that was closed, or whose git was killed, answers the next question', async () => {
  const directory = makeRepository(fresh());
  const provider = await providerOf(directory);
  const blob = git(directory, 'rev-parse', 'HEAD:a.txt');
  const cut = provider.blob(blob);
  provider.close();
  await expect(cut).rejects.toMatchObject({ code: 'E_GIT' });
  expect(latin1(await provider.blob(blob))).toBe('a\n');
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim().split(' ');
  const mine = children.filter((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(directory));
  expect(mine).toHaveLength(1);
  process.kill(Number(mine[0]), 'SIGKILL');
  await expect(provider.blob(blob)).rejects.toMatchObject({ code: 'E_GIT' });
  expect(latin1(await provider.blob(blob))).toBe('a\n');
});

test('a bare repository serves, a place without one is refused', async () => {
  const directory = makeRepository(fresh());
  const bare = path.join(fresh(), 'bare');
  git(root, 'clone', '-q', '--bare', directory, bare);
  const provider = await providerOf(bare);
  expect(latin1(await provider.blob(git(directory, 'rev-parse', 'HEAD:a.txt')))).toBe('a\n');
  await expect(gitProvider(root)).rejects.toMatchObject({ code: 'E_REPOSITORY_NONE' });
  await expect(gitProvider(root)).rejects.toBeInstanceOf(MizerError);
});

/** Every program that git knows to be named by a configuration for reading or fetching objects. */
function setTraps(repository: string, mark: string): void {
  const program = path.join(repository, '.git/trap');
  writeFiles(repository, { '.git/trap': { executable: `#!/bin/sh\ntouch ${mark}\n` } });
  const settings = [
    ...['core.fsmonitor', 'core.sshCommand', 'core.askPass', 'core.pager', 'core.editor', 'credential.helper'],
    ...[
      'core.alternateRefsCommand',
      'filter.trap.smudge',
      'filter.trap.process',
      'diff.external',
      'diff.trap.textconv',
    ],
    ...['alias.cat-file', 'alias.rev-parse', 'remote.origin.uploadpack', 'uploadpack.packObjectsHook', 'gpg.program'],
  ];
  for (const name of settings) git(repository, 'config', name, name.startsWith('alias.') ? `!${program}` : program);
  git(repository, 'config', 'core.hooksPath', path.join(repository, '.git/hooks'));
  git(repository, 'config', 'remote.origin.url', repository);
  git(repository, 'config', 'remote.origin.promisor', 'true');
  git(repository, 'config', 'remote.origin.partialclonefilter', 'blob:none');
  git(repository, 'config', 'extensions.partialClone', 'origin');
  for (const hook of ['post-checkout', 'reference-transaction', 'post-index-change']) {
    writeFiles(repository, { [`.git/hooks/${hook}`]: { executable: `#!/bin/sh\ntouch ${mark}\n` } });
  }
}

const trapped = (): { readonly repository: string; readonly mark: string; readonly blob: string } => {
  const repository = makeRepository(fresh(), { 'a.txt': 'a\n', '.gitattributes': '* filter=trap diff=trap\n' });
  const blob = git(repository, 'rev-parse', 'HEAD:a.txt');
  const mark = path.join(fresh(), 'ran');
  setTraps(repository, mark);
  return { repository, mark, blob };
};

test('no program that a repository names is run, even for an object that it promises elsewhere', async () => {
  const { repository, mark, blob } = trapped();
  const provider = await providerOf(repository);
  expect(latin1(await provider.blob(blob))).toBe('a\n');
  await expect(provider.blob('1'.repeat(40))).rejects.toMatchObject({ code: 'E_OBJECT_MISSING' });
  expect(existsSync(mark)).toBe(false);
  expect(readdirSync(path.dirname(mark))).toEqual([]);
});

test('a repository of another user is refused, and none of his programs is run', async () => {
  const { repository, mark } = trapped();
  const own = trapped();
  if (process.getuid?.() === 0) giveToOrdinaryUser(repository);
  else takeForAnothers();
  await expect(gitProvider(repository)).rejects.toMatchObject({ code: 'E_REPOSITORY_FOREIGN' });
  // An ordinary user who asks for root's, by the public name of the library.
  const ask = `import('mizer')
    .then(({ gitProvider }) => gitProvider(${JSON.stringify(own.repository)}))
    .then(() => console.log('open'), ({ code }) => console.log(code))`;
  const [program = '', ...args] = asOrdinaryUser([process.execPath, '--input-type=module', '-e', ask]);
  const { stdout } = spawnSync(program, args, { cwd: packageRoot, encoding: 'utf8' });
  expect(stdout).toBe('E_REPOSITORY_FOREIGN\n');
  expect([existsSync(mark), existsSync(own.mark)]).toEqual([false, false]);
});

/** From now on git takes every repository for another's: a switch that it has for its own tests, where there is no second user. */
function takeForAnothers(): void {
  const before = process.env['PATH'] ?? '';
  const real = spawnSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).stdout.trim();
  const wrapper = `#!/bin/sh\nGIT_TEST_ASSUME_DIFFERENT_OWNER=1 exec ${real} "$@"\n`;
  writeFiles(root, { 'bin/git': { executable: wrapper } });
  process.env['PATH'] = `${root}/bin:${before}`;
  onTestFinished(() => {
    process.env['PATH'] = before;
  });
}
