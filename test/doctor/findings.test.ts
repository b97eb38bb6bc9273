import { describe, expect, it } from 'vitest';
import type { Facts } from '../../src/doctor/facts.js';
import { findingsOf, type Finding } from '../../src/doctor/findings.js';

const no = (reason: string) => ({ works: false, reason }) as const;
const yes = { works: true } as const;

/** An ordinary user's machine that lacks nothing. */
const sound: Facts = {
  uid: 1000,
  kernel: '6.8.0-45-generic',
  mayMount: false,
  maxUserNamespaces: 63_000,
  unprivilegedClone: 1,
  apparmorRestricts: 0,
  userNamespace: yes,
  overlay: yes,
  storeDirectory: '/home/ada/project/.git',
  storeFileSystem: 'ext4',
  stateInOtherSubvolume: false,
  maxWatches: 524_288,
  maxInotifyInstances: 128,
  controlGroups: yes,
  git: '2.43.0',
  missingPrograms: [],
};

const on = (facts: Partial<Facts>): readonly Finding[] => findingsOf({ ...sound, ...facts });

function finding(id: string, facts: Partial<Facts>): Finding {
  const found = on(facts).find((one) => one.id === id);
  if (found === undefined) throw new Error(`Nothing is said of ${id}.`);
  return found;
}

describe('doctor', () => {
  it('finds nothing amiss on a machine that lacks nothing, and names no fix', () => {
    expect(on({}).filter(({ level, fix }) => level !== 'ok' || fix !== undefined)).toEqual([]);
  });

  it('gives every trouble a fix and every finding an id of its own', () => {
    const worst = on({
      kernel: '5.4.0',
      userNamespace: no('Operation not permitted'),
      maxUserNamespaces: 0,
      overlay: no('unknown filesystem type'),
      storeFileSystem: 'nfs4',
      maxWatches: 8192,
      controlGroups: no('none is writable'),
      git: undefined,
      missingPrograms: ['unshare', 'perl'],
    });
    expect(new Set(worst.map(({ id }) => id)).size).toBe(worst.length);
    expect(worst.filter(({ level, fix }) => level !== 'ok' && (fix ?? '') === '')).toEqual([]);
    expect(worst.filter(({ level }) => level !== 'ok')).toHaveLength(8);
  });

  it.each([
    ['user.max_user_namespaces', { maxUserNamespaces: 0 }, 'sysctl -w user.max_user_namespaces='],
    ['kernel.unprivileged_userns_clone', { unprivilegedClone: 0 }, 'sysctl -w kernel.unprivileged_userns_clone=1'],
    ['AppArmor', { apparmorRestricts: 1 }, 'profile mizer /usr/bin/unshare flags=(unconfined)'],
  ] as const)('knows that %s keeps user namespaces from an ordinary user, and what lifts it', (named, setting, fix) => {
    const found = finding('user-namespaces', { userNamespace: no('Operation not permitted'), ...setting });
    expect(found.level).toBe('error');
    expect(found.sentence).toContain(named);
    expect(found.fix).toContain(fix);
  });

  it('gives the AppArmor profile as a whole file that lets unshare make user namespaces, and how to load it', () => {
    const { fix = '' } = finding('user-namespaces', { userNamespace: no('x'), apparmorRestricts: 1 });
    expect(fix).toMatch(/abi <abi\/4\.0>,[^]*\{[^]*\buserns,[^]*\}/);
    expect(fix).toContain('apparmor_parser -r /etc/apparmor.d/mizer');
  });

  it('passes on the reason where none of the settings explains that user namespaces are refused', () => {
    const found = finding('user-namespaces', { userNamespace: no('seccomp says no') });
    expect(found).toMatchObject({ level: 'error', sentence: expect.stringContaining('seccomp says no') as string });
    expect(found.fix).toContain('container');
  });

  it('believes the trial rather than the settings, and needs no user namespace as root', () => {
    expect(finding('user-namespaces', { unprivilegedClone: 0 }).level).toBe('ok');
    const asRoot = { mayMount: true, uid: 0, userNamespace: no('x'), maxUserNamespaces: 0 };
    expect(finding('user-namespaces', asRoot).level).toBe('ok');
  });

  it('says which module is missing where overlays cannot be mounted, and mends user namespaces first', () => {
    const overlay = no("unknown filesystem type 'overlay'");
    expect(finding('overlay', { overlay })).toMatchObject({ level: 'error', fix: 'sudo modprobe overlay' });
    expect(finding('overlay', { overlay }).sentence).toContain("unknown filesystem type 'overlay'");
    expect(finding('overlay', { overlay, userNamespace: no('x') }).fix).toContain('user namespaces first');
  });

  it.each(['nfs', 'nfs4', 'cifs', '9p', 'overlay', 'fuse.sshfs', 'vfat', 'exfat'])(
    'refuses a store on %s and names the setting that puts it elsewhere',
    (storeFileSystem) => {
      const found = finding('store', { storeFileSystem });
      expect(found).toMatchObject({ level: 'error', fix: expect.stringContaining('git config mizer.store') as string });
      expect(found.sentence).toContain(storeFileSystem);
    },
  );

  it.each(['ext4', 'xfs', 'btrfs', 'tmpfs'])('takes a store on %s', (storeFileSystem) => {
    expect(finding('store', { storeFileSystem }).level).toBe('ok');
  });

  it('warns of few watches, and says that forks then walk', () => {
    const found = finding('inotify', { maxWatches: 8192 });
    expect(found).toMatchObject({ level: 'warning', sentence: expect.stringContaining('8192') as string });
    expect(found.fix).toContain('fs.inotify.max_user_watches=');
    expect(finding('inotify', { maxWatches: 65_536 }).level).toBe('ok');
  });

  it('warns of few inotify instances by their own setting', () => {
    const found = finding('inotify', { maxInotifyInstances: 8 });
    expect(found).toMatchObject({ level: 'warning', sentence: expect.stringContaining('8') as string });
    expect(found.fix).toContain('fs.inotify.max_user_instances=');
  });

  it('warns, and no more, where processes can be neither limited nor paused', () => {
    const found = finding('control-groups', { controlGroups: no('No control group is yours.') });
    expect(found).toMatchObject({
      level: 'warning',
      sentence: expect.stringContaining('No control group is yours.') as string,
    });
    expect(found.fix).toContain('Delegation');
  });

  it.each([
    [undefined, 'error'],
    ['1.8.3.1', 'error'],
    ['2.38.9', 'error'],
    ['2.39.0', 'ok'],
    ['2.100.0', 'ok'],
    ['3.0', 'ok'],
  ] as const)('judges git %s: %s', (git, level) => {
    expect(finding('git', { git }).level).toBe(level);
  });

  it.each([
    ['5.10.0', false, 'error'],
    ['5.10.0', true, 'warning'],
    ['5.11.0', false, 'ok'],
    ['6.18.44-arch1', false, 'ok'],
  ] as const)('judges Linux %s, with the right to mount %s: %s', (kernel, mayMount, level) => {
    expect(finding('kernel', { kernel, mayMount }).level).toBe(level);
  });

  it('calls a missing program an error, but does without perl', () => {
    const found = finding('programs', { missingPrograms: ['nsenter', 'perl'] });
    expect(found).toMatchObject({ level: 'error', sentence: expect.stringContaining('nsenter') as string });
    expect(found.sentence).not.toContain('perl');
    expect(finding('programs', { missingPrograms: ['perl'] }).level).toBe('warning');
  });

  it('tells an ordinary user what a user namespace cannot give him, and root nothing of it', () => {
    expect(finding('identity', {}).sentence).toMatch(/nobody.*nogroup.*sudo.*ping.*traced/);
    expect(finding('identity', { mayMount: true }).sentence).not.toContain('nogroup');
  });

  it('says what cannot be renamed, and which programs fall back', () => {
    expect(finding('renames', {}).sentence).toMatch(/git mv.*os\.rename.*mv and npm/);
  });

  it('warns of live contexts where inode numbers of two subvolumes meet', () => {
    const found = finding('live', { stateInOtherSubvolume: true });
    expect(found).toMatchObject({ level: 'warning', sentence: expect.stringContaining('--live') as string });
    expect(finding('live', {}).level).toBe('ok');
  });
});
