import type { Facts } from './facts.js';

export type FindingLevel = 'ok' | 'warning' | 'error';

/** One thing that was looked at. */
export interface Finding {
  /** Stable: `user-namespaces`, `overlay`, … */
  readonly id: string;
  readonly level: FindingLevel;
  readonly sentence: string;
  /** Commands or the text of a file that mend it. */
  readonly fix?: string;
}

type Judge = (facts: Facts) => Finding;

const apparmorProfile = `Write this to /etc/apparmor.d/mizer and run 'sudo apparmor_parser -r /etc/apparmor.d/mizer':
  abi <abi/4.0>,
  include <tunables/global>
  profile mizer /usr/bin/unshare flags=(unconfined) {
    userns,
    include if exists <local/mizer>
  }`;

function ok(id: string, sentence: string): Finding {
  return { id, level: 'ok', sentence };
}

const userNamespaces: Judge = (facts) => {
  const id = 'user-namespaces';
  if (facts.mayMount) return ok(id, 'As root mizer mounts directly and needs no user namespace.');
  if (facts.userNamespace.works) return ok(id, 'You may make user namespaces.');
  const error = (sentence: string, fix: string): Finding => ({ id, level: 'error', sentence, fix });
  if (facts.maxUserNamespaces === 0) {
    return error(
      'User namespaces are switched off: user.max_user_namespaces is 0.',
      "sudo sysctl -w user.max_user_namespaces=15000   (to keep it: echo 'user.max_user_namespaces=15000' | sudo tee /etc/sysctl.d/90-mizer.conf)",
    );
  }
  if (facts.unprivilegedClone === 0) {
    return error(
      'User namespaces are kept from ordinary users: kernel.unprivileged_userns_clone is 0.',
      "sudo sysctl -w kernel.unprivileged_userns_clone=1   (to keep it: echo 'kernel.unprivileged_userns_clone=1' | sudo tee /etc/sysctl.d/90-mizer.conf)",
    );
  }
  if (facts.apparmorRestricts === 1) {
    return error(
      'AppArmor keeps user namespaces from programs without a profile (Ubuntu 24.04 and later).',
      apparmorProfile,
    );
  }
  return error(
    `You may not make user namespaces: ${facts.userNamespace.reason}.`,
    'In a container, run it with the right to (docker: --security-opt seccomp=unconfined); elsewhere ask who looks after the machine.',
  );
};

const kernel: Judge = ({ kernel: release, mayMount }) => {
  const [major = 0, minor = 0] = release.split('.').map(Number);
  const enough = major > 5 || (major === 5 && minor >= 11);
  if (enough) return ok('kernel', `Linux ${release} has all that contexts need.`);
  return {
    id: 'kernel',
    level: mayMount ? 'warning' : 'error',
    sentence: `Linux ${release} is older than 5.11, the first whose overlay file systems ordinary users may mount.`,
    fix: 'Update the kernel, or run mizer as root.',
  };
};

/** File systems that cannot hold an upper directory; overlayfs(5), "Upper and Lower". */
const unfit = /^(?:nfs|nfs4|cifs|smb3|9p|overlay|fuse.*|vfat|exfat|ntfs3?)$/;

const store: Judge = ({ storeFileSystem, storeDirectory }) => {
  if (!unfit.test(storeFileSystem))
    return ok('store', `${storeDirectory} is on ${storeFileSystem}, which can hold a store.`);
  return {
    id: 'store',
    level: 'error',
    sentence: `${storeDirectory} is on ${storeFileSystem}, which cannot hold what contexts change.`,
    fix: 'git config mizer.store DIRECTORY   (on ext4, xfs, btrfs or tmpfs)',
  };
};

const overlay: Judge = (facts) => {
  if (facts.overlay.works) return ok('overlay', 'Overlay file systems can be mounted.');
  return {
    id: 'overlay',
    level: 'error',
    sentence: `An overlay file system could not be mounted: ${facts.overlay.reason}.`,
    fix: facts.userNamespace.works || facts.mayMount ? 'sudo modprobe overlay' : 'Mend the user namespaces first.',
  };
};

const inotify: Judge = ({ maxWatches, maxInotifyInstances }) => {
  const raise = (setting: string): string =>
    `echo 'fs.inotify.${setting}' | sudo tee /etc/sysctl.d/91-mizer.conf && sudo sysctl --system`;
  const warning = (what: string, fix: string): Finding => ({
    id: 'inotify',
    level: 'warning',
    sentence: `${what}; without a watch a work tree is walked before each fork instead.`,
    fix,
  });
  if (maxInotifyInstances !== undefined && maxInotifyInstances <= 16) {
    return warning(
      `All your programs together may watch in ${maxInotifyInstances} places only`,
      raise('max_user_instances=512'),
    );
  }
  if (maxWatches !== undefined && maxWatches < 65_536) {
    return warning(`Only ${maxWatches} directories can be watched`, raise('max_user_watches=524288'));
  }
  return ok('inotify', `Up to ${maxWatches ?? 'any number of'} directories can be watched.`);
};

const controlGroups: Judge = (facts) => {
  if (facts.controlGroups.works) return ok('control-groups', 'Contexts can be limited and paused.');
  return {
    id: 'control-groups',
    level: 'warning',
    sentence: `mzr limit and mzr pause are not possible: ${facts.controlGroups.reason}`,
    fix: 'Log in through systemd (loginctl enable-linger), or have a control group delegated to you; see "Delegation" in systemd.resource-control(5).',
  };
};

const git: Judge = ({ git: version }) => {
  const [major = 0, minor = 0] = (version ?? '').split('.').map(Number);
  if (major > 2 || (major === 2 && minor >= 39)) return ok('git', `git ${version ?? ''} is new enough.`);
  return {
    id: 'git',
    level: 'error',
    sentence: version === undefined ? 'git is not installed.' : `git ${version} is older than 2.39.`,
    fix: 'Install git 2.39 or later.',
  };
};

const programs: Judge = ({ missingPrograms }) => {
  if (missingPrograms.length === 0) return ok('programs', 'The programs that mizer runs are there.');
  const needed = missingPrograms.filter((name) => name !== 'perl');
  return {
    id: 'programs',
    level: needed.length > 0 ? 'error' : 'warning',
    sentence:
      needed.length > 0
        ? `Not found in PATH: ${needed.join(', ')}.`
        : 'Without perl the first `git status` in a context looks at every file.',
    fix: 'Install util-linux (unshare, nsenter), coreutils (env, cp) and perl.',
  };
};

const identity: Judge = ({ mayMount }) =>
  mayMount
    ? ok('identity', 'As root nothing is different inside a context.')
    : ok(
        'identity',
        'Inside a context files of other users show as nobody, your supplementary groups as nogroup (their access stays); sudo, ping and other programs that have rights of their own (set-user-id, capabilities) run without them; processes outside of the session can be signalled, but not traced.',
      );

const renames: Judge = () =>
  ok(
    'renames',
    'Inside a context a directory that came from the host view cannot be renamed by rename(2), as git mv and os.rename do it; mv and npm copy it.',
  );

const live: Judge = ({ stateInOtherSubvolume }) =>
  stateInOtherSubvolume
    ? {
        id: 'live',
        level: 'warning',
        sentence:
          'The state directory is in another btrfs subvolume than this directory: in contexts made with --live new and old files can have the same inode number, and cp and tar then take two files for one.',
        fix: 'Make contexts without --live, or set XDG_STATE_HOME to a directory in the same subvolume.',
      }
    : ok('live', 'Contexts made with --live give each file an inode number of its own.');

const judges: readonly Judge[] = [
  kernel,
  userNamespaces,
  overlay,
  store,
  git,
  programs,
  inotify,
  controlGroups,
  identity,
  renames,
  live,
];

/** What a machine can do and what it lacks, each with what mends it. Pure. */
export function findingsOf(facts: Facts): readonly Finding[] {
  return judges.map((judge) => judge(facts));
}
