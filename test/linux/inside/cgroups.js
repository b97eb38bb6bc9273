// Makes, freezes and kills a group with real processes, as whoever runs it; see ../cgroup.test.ts.
// Arguments: v1 or v2, or nothing for whatever the machine offers; and a name.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import { lookForHierarchies } from '../../../dist/linux/cgroup-look.js';
import { openControlGroups } from '../../../dist/linux/cgroup.js';
import { membershipsOf } from '../../../dist/linux/cgroup-look.js';
import { ownMounts } from '../../../dist/linux/mountinfo.js';

const [version, name] = process.argv.slice(2);
const types = { v1: 'cgroup', v2: 'cgroup2' };
const mounts = ownMounts().filter((mount) => mount.fsType === types[version]);
const hierarchies = lookForHierarchies(mounts, membershipsOf('self'));
const groups = openControlGroups(hierarchies);
assert.deepEqual(groups.names().includes(name), false);
const group = groups.create(name);
const directories = hierarchies.map((each) => `${each.directory}/mizer/${encodeURIComponent(name)}.context`);
const scratch = fs.mkdtempSync('/tmp/mizer-linux-');
try {
  const counter = `${scratch}/count`;
  const loop = `sleep 1000 & while :; do echo x >> ${counter}; sleep 0.01; done`;
  const child = spawn('sh', ['-c', `read go; ${loop}`], { stdio: ['pipe', 'ignore', 'ignore'] });
  group.add(child.pid);
  child.stdin.write('go\n');
  const size = () => fs.statSync(counter, { throwIfNoEntry: false })?.size ?? 0;
  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const grows = async () => {
    const before = size();
    await pause(200);
    return size() > before;
  };
  while (size() < 10) await pause(5);
  assert.ok(group.processes().includes(child.pid));
  assert.ok(group.processes().length >= 2);
  await assert.rejects(group.remove(), { code: 'E_CGROUP_IN_USE' });

  assert.equal(group.isFrozen(), false);
  await group.freeze();
  assert.equal(group.isFrozen(), true);
  assert.equal(await grows(), false);
  await group.thaw();
  assert.equal(await grows(), true);

  const limits = { cpuPercent: 150, memoryBytes: 256 * 2 ** 20, pids: 20 };
  if (['cpu', 'memory', 'pids'].every((controller) => groups.controllers().includes(controller))) {
    const read = (...files) =>
      directories
        .flatMap((each) => files.map((file) => `${each}/${file}`))
        .filter((each) => fs.existsSync(each))
        .map((each) => fs.readFileSync(each, 'utf8').trim());
    group.limit(limits);
    assert.match(read('cpu.cfs_quota_us', 'cpu.max')[0], /^150000\b/);
    assert.deepEqual(read('memory.limit_in_bytes', 'memory.max'), [`${256 * 2 ** 20}`]);
    assert.deepEqual(read('pids.max'), ['20']);
    group.limit({ cpuPercent: Infinity, memoryBytes: Infinity, pids: Infinity });
    assert.match(read('cpu.cfs_quota_us', 'cpu.max')[0], /^(-1$|max )/);
    assert.deepEqual(read('pids.max'), ['max']);
  } else {
    assert.throws(() => group.limit(limits), { code: 'E_CGROUP_UNAVAILABLE' });
  }

  await group.freeze();
  const exited = new Promise((resolve) => child.once('exit', (_, signal) => resolve(signal)));
  await group.kill();
  assert.equal(await exited, 'SIGKILL');
  assert.deepEqual(group.processes(), []);
  assert.throws(() => group.add(2 ** 22), { code: 'E_CGROUP_REFUSED' });
  assert.deepEqual(
    groups.names().filter((each) => each === name),
    [name],
  );
} finally {
  await group.kill();
  await groups.find(name)?.remove();
  fs.rmSync(scratch, { recursive: true });
}
assert.equal(groups.find(name), undefined);
await group.remove();
// The directory above stays for the next group; here nothing of the test is to stay.
for (const { directory } of hierarchies) {
  if (groups.names().length === 0) fs.rmdirSync(`${directory}/mizer`);
}
