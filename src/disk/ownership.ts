import { lchownSync, readFileSync, type BigIntStats } from 'node:fs';

let root: boolean | undefined;

/** Whether this process is root of the machine, and not just of a user namespace, where only some ids can be given to files. */
export function isTrueRoot(): boolean {
  root ??= process.getuid?.() === 0 && /^\s*0\s+0\s+4294967295\s*$/.test(readFileSync('/proc/self/uid_map', 'utf8'));
  return root;
}

/**
 * Gives what was just made its owner: that of `source` where this process can, else the user and his primary group, also below a
 * directory that hands down a group of its own. Takes away set-id bits; set the mode afterwards.
 */
export function giveOwner(path: string | Buffer, source: BigIntStats): void {
  if (isTrueRoot()) lchownSync(path, Number(source.uid), Number(source.gid));
  else lchownSync(path, process.getuid?.() ?? 0, process.getgid?.() ?? 0);
}
