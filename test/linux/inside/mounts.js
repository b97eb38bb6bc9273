// Cases that must run in a mount namespace of their own; see ../mounts.test.ts. Arguments: the case and an empty directory.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { Worker, isMainThread, workerData } from 'node:worker_threads';
import {
  attachMount,
  bind,
  bindReadOnly,
  cloneMount,
  detach,
  makeShared,
  makeSlaveRecursive,
} from '../../../dist/linux/mount.js';
import { mountsOf, ownMounts } from '../../../dist/linux/mountinfo.js';
import * as namespaces from '../../../dist/linux/namespaces.js';
import { isOpaque, isWhiteout } from '../../../dist/linux/overlay-files.js';
import { mountOverlay } from '../../../dist/linux/overlay.js';

const [name, top] = isMainThread ? process.argv.slice(2) : workerData;
const directory = (...parts) => {
  const path = [top, ...parts].join('/');
  fs.mkdirSync(path, { recursive: true });
  return path;
};
const read = (path) => fs.readFileSync(path, 'utf8');
const mountAt = (path, pid = 'thread-self') => mountsOf(pid).filter((mount) => mount.mountPoint === path);

function makeOverlay(context = 'one', how = 'in-steps') {
  fs.writeFileSync(`${directory('lower', 'sub')}/deep`, 'deep');
  fs.writeFileSync(`${directory('lower')}/file`, 'low');
  fs.writeFileSync(`${directory('above')}/file`, 'above');
  const overlay = {
    source: `mizer:test/${context}`,
    lowers: [directory('above'), directory('lower')],
    changes: { upper: directory(context, 'upper'), work: directory(context, 'work') },
    target: directory('hub', context),
  };
  mountOverlay(overlay, how);
  return overlay;
}

function inWorker() {
  return new Promise((resolve, reject) => {
    new Worker(new URL(import.meta.url), { workerData: [name, top] }).once('error', reject).once('exit', resolve);
  });
}

const cases = {
  overlay() {
    for (const how of ['in-steps', 'at-once']) {
      const { target, changes, source } = makeOverlay(how, how);
      assert.equal(read(`${target}/file`), 'above');
      fs.writeFileSync(`${target}/file`, 'changed');
      fs.rmSync(`${target}/sub`, { recursive: true });
      fs.mkdirSync(`${target}/sub`);
      assert.ok(isOpaque(`${changes.upper}/sub`));
      fs.rmSync(`${target}/file`);
      assert.ok(isWhiteout(fs.lstatSync(`${changes.upper}/file`)));
      assert.equal(read(`${top}/above/file`), 'above');
      const [mount] = mountAt(target);
      assert.equal(mount.fsType, 'overlay');
      assert.equal(mount.source, source);
      assert.ok(mount.superOptions.includes('userxattr'));
      assert.ok(mount.superOptions.includes(`upperdir=${changes.upper}`));
    }
  },
  characters() {
    for (const how of ['in-steps', 'at-once']) {
      const odd = `a,b:c\\d e\n"'#=é${'x'.repeat(200)}/${how}${'y'.repeat(200)}`;
      const lower = Buffer.concat([Buffer.from(`${directory(odd)}/`), Buffer.of(0xff)]);
      fs.mkdirSync(lower);
      fs.writeFileSync(Buffer.concat([lower, Buffer.from('/file')]), 'odd');
      const changes = { upper: directory(odd, 'upper'), work: directory(odd, 'work') };
      const target = directory(odd, 'target');
      mountOverlay({ source: 'mizer:odd', lowers: [lower], changes, target }, how);
      assert.equal(read(`${target}/file`), 'odd');
      fs.writeFileSync(`${target}/file`, 'new');
      assert.equal(read(`${changes.upper}/file`), 'new');
      assert.equal(ownMounts().at(-1).mountPoint, Buffer.from(target).toString('latin1'));
    }
  },
  many() {
    const lowers = Array.from({ length: 400 }, (_, index) => directory(`layer-with-a-longer-name-${index}`));
    for (const [index, lower] of lowers.entries()) fs.writeFileSync(`${lower}/f${index}`, '');
    mountOverlay({ source: 'mizer:many', lowers, target: directory('in steps') });
    assert.equal(fs.readdirSync(`${top}/in steps`).length, 400);
    mountOverlay({ source: 'mizer:many', lowers: lowers.slice(0, 190), target: directory('at once') }, 'at-once');
    assert.equal(fs.readdirSync(`${top}/at once`).length, 190);
    const tooMany = { source: 'mizer:many', lowers, target: directory('at once') };
    assert.throws(() => mountOverlay(tooMany, 'at-once'), { code: 'E_OVERLAY_TOO_MANY_LAYERS' });
    assert.throws(() => mountOverlay({ ...tooMany, lowers: [...lowers, ...lowers] }), { group: 'failed' });
  },
  readOnly() {
    const lowers = [directory('above'), directory('lower')];
    fs.writeFileSync(`${top}/lower/file`, 'low');
    mountOverlay({ source: 'mizer:ro', lowers, target: directory('target') });
    assert.equal(read(`${top}/target/file`), 'low');
    assert.throws(() => fs.writeFileSync(`${top}/target/file`, ''), { code: 'EROFS' });
  },
  refusals() {
    const overlay = makeOverlay();
    const changes = { upper: directory('u'), work: directory('w') };
    const lowers = [directory('lower')];
    const target = directory('t');
    const refuses = (what, code) =>
      assert.throws(() => mountOverlay({ source: 'mizer:x', lowers, changes, target, ...what }), { code });
    refuses({ lowers: [`${top}/missing`] }, 'E_MOUNT_MISSING');
    refuses({ changes: { upper: overlay.target, work: directory('hub', 'one', 'w') } }, 'E_OVERLAY_INVALID');
    refuses(
      { changes: { upper: directory('lower', 'u'), work: directory('lower', 'w') }, lowers: [directory('lower', 'u')] },
      'E_OVERLAY_LOOP',
    );
    refuses({ target: `${top}/missing` }, 'E_SYSCALL');
  },
  binds() {
    fs.writeFileSync(`${directory('a')}/file`, 'a');
    bind(`${top}/a`, directory('b'));
    assert.equal(read(`${top}/b/file`), 'a');
    bind(`${top}/b`, directory('a', 'inner'));
    bind(`${top}/a`, directory('c'), { recursive: true });
    assert.equal(read(`${top}/c/inner/file`), 'a');
    bindReadOnly(`${top}/b`, directory('d'));
    assert.throws(() => fs.writeFileSync(`${top}/d/file`, ''), { code: 'EROFS' });
    fs.writeFileSync(`${top}/b/file`, 'still');
    assert.equal(read(`${top}/d/file`), 'still');
    const held = fs.openSync(`${top}/d/file`);
    detach(`${top}/d`);
    assert.deepEqual(fs.readdirSync(`${top}/d`), []);
    assert.equal(fs.readFileSync(held, 'utf8'), 'still');
    assert.throws(() => detach(`${top}/d`), {
      code: 'E_SYSCALL',
      data: { errno: 'EINVAL', call: 'umount2', path: `${top}/d` },
    });
    assert.throws(() => bind(`${top}/missing`, `${top}/d`), { code: 'E_SYSCALL' });
  },
  async session() {
    if (isMainThread) {
      const before = namespaces.namespaceId('self', 'mnt');
      assert.equal(await inWorker(), 0);
      assert.equal(namespaces.namespaceId('self', 'mnt'), before);
      assert.equal(read(`${directory('tree')}/file`), 'host');
      return;
    }
    fs.writeFileSync(`${directory('tree')}/file`, 'host');
    namespaces.ownFileSystemContext();
    const hubDirectory = directory('hub');
    bind(hubDirectory, hubDirectory);
    makeShared(hubDirectory);
    const one = makeOverlay('one');
    const hub = namespaces.openOwnMountNamespace();
    namespaces.newMountNamespace();
    makeSlaveRecursive('/');
    bind(one.target, `${top}/tree`);
    const session = namespaces.openOwnMountNamespace();
    const sessionId = namespaces.namespaceId('thread-self', 'mnt');
    assert.equal(namespaces.namespaceIdOf(session, 'mnt'), sessionId);
    assert.equal(read(`${top}/tree/file`), 'above');
    namespaces.enterMountNamespace(hub);
    assert.equal(read(`${top}/tree/file`), 'host');
    assert.notEqual(namespaces.namespaceId('thread-self', 'mnt'), sessionId);

    const two = makeOverlay('two');
    fs.writeFileSync(`${two.target}/file`, 'two');
    const mount = cloneMount(two.target);
    namespaces.enterMountNamespace(session);
    assert.equal(mountAt(two.target).length, 1);
    attachMount(mount, `${top}/tree`, { beneath: true });
    assert.equal(read(`${top}/tree/file`), 'above');
    detach(`${top}/tree`);
    assert.equal(read(`${top}/tree/file`), 'two');
    assert.deepEqual(
      mountAt(`${top}/tree`).map((each) => each.source),
      ['mizer:test/two'],
    );
    namespaces.enterMountNamespace(hub);
    assert.throws(() => attachMount(cloneMount(two.target), `${top}/lower`, { beneath: true }), {
      code: 'E_BENEATH_UNSUPPORTED',
    });
  },
  own() {
    const here = (path) => ownMounts().some((mount) => mount.mountPoint === path);
    const [from, by, shared] = [directory('from'), directory('by'), directory('shared')];
    const through = directory('from', 'through');
    const before = ownMounts();
    assert.equal(ownMounts(), before);
    bind(from, by);
    assert.ok(here(by));
    detach(by);
    assert.ok(!here(by));
    execFileSync('mount', ['--bind', from, by]);
    assert.ok(here(by));
    bind(from, shared);
    makeShared(shared);
    const elsewhere = ['--mount', '--propagation', 'unchanged', 'mount', '--bind', by, `${shared}/through`];
    execFileSync('unshare', elsewhere);
    assert.ok(here(`${shared}/through`));
    assert.deepEqual(ownMounts(), mountsOf(process.pid));
    namespaces.newMountNamespace();
    detach(by);
    assert.ok(!here(by));
    assert.ok(fs.existsSync(through));
  },
  owner() {
    const owner = namespaces.openOwner(namespaces.openOwnMountNamespace());
    assert.equal(namespaces.namespaceIdOf(owner, 'user'), namespaces.namespaceId('self', 'user'));
  },
  denied() {
    assert.throws(
      () => mountOverlay({ source: 'mizer:x', lowers: [directory('a'), directory('b')], target: directory('t') }),
      { code: 'E_MOUNT_DENIED' },
    );
    assert.throws(() => namespaces.newMountNamespace(), { code: 'E_SYSCALL' });
  },
};

await cases[name]();
