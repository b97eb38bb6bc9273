import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A file system of its own on a loop device; only root can have one. */
export class Image {
  readonly path: string;
  readonly #directory: string;

  /** Needs `mkfs.btrfs` or `mkfs.xfs`. */
  constructor(kind: 'btrfs' | 'xfs') {
    this.#directory = fs.mkdtempSync(path.join(tmpdir(), `mizer-${kind}-`));
    fs.chmodSync(this.#directory, 0o755);
    this.path = path.join(this.#directory, 'mounted');
    const file = path.join(this.#directory, 'image');
    fs.mkdirSync(this.path);
    fs.writeFileSync(file, '');
    fs.truncateSync(file, 1 << 30);
    execFileSync(`mkfs.${kind}`, ['-q', file], { stdio: 'ignore' });
    execFileSync('mount', ['-o', 'loop', file, this.path]);
    fs.chmodSync(this.path, 0o1777);
  }

  /** Bytes in use once all that was written or removed has reached the disk. */
  used(): number {
    execFileSync('sync', ['-f', this.path]);
    const { blocks, bfree, bsize } = fs.statfsSync(this.path);
    return (blocks - bfree) * bsize;
  }

  end(): void {
    execFileSync('umount', [this.path]);
    fs.rmSync(this.#directory, { recursive: true });
  }
}
