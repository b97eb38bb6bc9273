import { statfsSync } from 'node:fs';

/** File systems that other machines, or programs behind the kernel's back, write to: nfs, smb2, cifs, smbfs, fuse, 9p, ceph, afs, coda, vboxsf, gfs2, ocfs2. */
const shared: ReadonlySet<number> = new Set([
  0x6969, 0xfe534d42, 0xff534d42, 0x517b, 0x65735546, 0x01021997, 0x00c36400, 0x5346414f, 0x73757245, 0x786f4256,
  0x01161970, 0x7461636f,
]);

/** Whether changes to what is at `path` may happen without this machine's kernel hearing of them. */
export function isOnSharedFileSystem(path: string): boolean {
  try {
    return shared.has(statfsSync(path).type);
  } catch {
    return false;
  }
}
