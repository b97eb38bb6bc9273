import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const asRoot = process.getuid?.() === 0;
const ordinaryUid = 1001;

/** The users a test can be: who runs it, and someone ordinary if that is root. */
export const users: readonly ('root' | 'ordinary user')[] = asRoot ? ['root', 'ordinary user'] : ['ordinary user'];

/** The argv that makes COMMAND run as `user`. */
export function as(user: 'root' | 'ordinary user', command: readonly string[]): string[] {
  if (user === 'root' || !asRoot) return [...command];
  return ['setpriv', `--reuid=${ordinaryUid}`, `--regid=${ordinaryUid}`, '--clear-groups', ...command];
}

/** A new directory that `user` owns. */
export function ownDirectory(user: 'root' | 'ordinary user'): string {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'mizer-linux-'));
  if (user === 'ordinary user' && asRoot) fs.chownSync(directory, ordinaryUid, ordinaryUid);
  return directory;
}

const inNamespace = {
  root: ['unshare', '--mount', '--propagation', 'private'],
  'ordinary user': ['unshare', '--user', '--map-root-user', '--mount', '--propagation', 'slave'],
};

/** Runs a case of `inside/SCRIPT.js` with a fresh directory, in a mount namespace of its own or `bare`; gives what it wrote to standard error. */
export function runInside(user: 'root' | 'ordinary user', script: string, name: string, bare = false): string {
  const directory = ownDirectory(user);
  const file = fileURLToPath(new URL(`./inside/${script}.js`, import.meta.url));
  const [command = '', ...rest] = as(user, [
    ...(bare ? [] : inNamespace[user]),
    process.execPath,
    file,
    name,
    directory,
  ]);
  const { status, stderr } = spawnSync(command, rest, { encoding: 'utf8', timeout: 30_000 });
  // The kernel leaves an empty directory of mode 0 in a work directory, which only root can remove as it is.
  spawnSync('chmod', ['-R', 'u+rwx', directory]);
  fs.rmSync(directory, { recursive: true, force: true });
  return status === 0 ? stderr : `status ${status}\n${stderr}`;
}
