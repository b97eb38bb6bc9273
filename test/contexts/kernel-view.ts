import { execFileSync } from 'node:child_process';

/** Ways to run something that mounts: as root, and as an ordinary user in a user namespace of his own. */
export const mounters: readonly (readonly [string, readonly string[]])[] =
  process.getuid?.() === 0
    ? [
        ['root', ['unshare', '--mount']],
        [
          'an ordinary user',
          [
            'setpriv',
            '--reuid=1001',
            '--regid=1001',
            '--clear-groups',
            'unshare',
            '--user',
            '--map-root-user',
            '--mount',
          ],
        ],
      ]
    : [['an ordinary user', ['unshare', '--user', '--map-root-user', '--mount']]];

/** Runs a shell script with arguments in mount namespaces of its own. The result is a byte string. */
export function inNamespace(mounter: readonly string[], script: string, ...args: readonly string[]): string {
  const [command = '', ...rest] = [...mounter, 'bash', '-c', script, 'bash', ...args];
  return execFileSync(command, rest, { encoding: 'latin1', maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'inherit'] });
}

/** Lists a tree: kind, mode, size and link target of all that can be looked up, by path. A directory's size is left out. */
const listing = `find "$m" -mindepth 1 -printf '%y %m %s %l\\0%P\\0' 2>/dev/null || true; printf '\\0\\0'`;

/**
 * What the kernel shows of each stack of layers (topmost first), mounted read-only. `root` may hold a directory `mnt`, made here.
 * Whiteouts in directories that are not merged are listed by the kernel and cannot be looked up: they are not there.
 */
export function kernelView(
  mounter: readonly string[],
  root: string,
  stacks: readonly (readonly string[])[],
): Map<string, string>[] {
  const script = `
    set -e; m="$1/mnt"; shift
    for lower in "$@"; do
      mount -t overlay -o "ro,userxattr,lowerdir=$lower" overlay "$m"
      ${listing}
      umount "$m"
    done`;
  const output = inNamespace(mounter, script, root, ...stacks.map((stack) => stack.join(':')));
  return output.split('\0\0\0').slice(0, -1).map(parseListing);
}

function parseListing(text: string): Map<string, string> {
  const parts = text.split('\0');
  const view = new Map<string, string>();
  for (let index = 0; index + 1 < parts.length; index += 2) {
    const [kind = '', mode = '', size = '', ...target] = (parts[index] ?? '').split(' ');
    view.set(parts[index + 1] ?? '', [kind, mode, kind === 'd' ? '' : size, target.join(' ')].join(' '));
  }
  return view;
}
