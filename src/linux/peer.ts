import { checked, foreign } from './native.js';

const getsockopt = foreign<[number, number, number, Int32Array, Uint32Array]>('getsockopt', 'int', [
  'int',
  'int',
  'int',
  'void *',
  'void *',
]);
const socketLevel = 1;
const peerCredentialsOption = 17;

export interface PeerCredentials {
  /** 0 where the peer lives in a process namespace that cannot be seen from here. */
  readonly pid: number;
  /** As seen from the user namespace of this process. */
  readonly uid: number;
  readonly gid: number;
}

/** Who connected the other end of a Unix socket, as the kernel noted it then; unix(7), SO_PEERCRED. */
export function peerCredentials(fd: number): PeerCredentials {
  const values = new Int32Array(3);
  checked(getsockopt(fd, socketLevel, peerCredentialsOption, values, Uint32Array.of(values.byteLength)), 'getsockopt');
  const [pid = 0, uid = 0, gid = 0] = values;
  return { pid, uid: uid >>> 0, gid: gid >>> 0 };
}
