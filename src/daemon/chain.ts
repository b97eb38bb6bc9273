/** A user's ids outside of the hub, in which he is root. */
export interface Ids {
  readonly uid: number;
  readonly gid: number;
}

/**
 * The programs through which a client becomes a process of a prepared session: each becomes the next, so none stays behind, and exit
 * status, signals and terminal are the command's own. `--preserve-credentials`, since nsenter would call setgroups, which a user
 * namespace forbids; without it the supplementary groups stay.
 * @param ids `undefined` when the daemon is privileged: there is no user namespace then
 */
export function enterChain(ids: Ids | undefined, fd: number, cwd: string): string[] {
  const mount = `--mount=/proc/${process.pid}/fd/${fd}`;
  const start = ['env', '-C', cwd, '--'];
  if (ids === undefined) return ['nsenter', mount, '--', ...start];
  const users = [`--user=/proc/${process.pid}/ns/user`, mount, '--preserve-credentials', '--'];
  return ['nsenter', ...users, 'unshare', ...mapBack(ids), '--', ...start];
}

/** As `enterChain`, from within a session, which has no right to the hub: the client starts namespaces and lets the daemon in. */
export function handshakeChain(ids: Ids, cwd: string): string[] {
  const script = 'echo >&3; read -r _ <&4 || exit 125; exec 3>&- 4<&-; exec "$@"';
  const namespaces = [...mapBack(ids), '--mount', '--propagation', 'slave'];
  return ['unshare', ...namespaces, '--', 'sh', '-c', script, 'sh', 'env', '-C', cwd, '--'];
}

/** The option of unshare(1) by which the user is himself again. */
export function mapBack({ uid, gid }: Ids): string[] {
  return ['--user', `--map-user=${uid}`, `--map-group=${gid}`];
}
