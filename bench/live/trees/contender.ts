/** One replica of a tree of directories, each of which holds a thousand files in the beginning. */
export interface TreeReplica {
  /** Puts a file into another directory; both by number. Each file is moved by one of the replicas only. */
  move(file: number, directory: number): void | Promise<void>;
  /** What has to be sent of the moves since the last time. */
  take(): Uint8Array;
  /** Works in what another sent. */
  apply(update: Uint8Array): void | Promise<unknown>;
  /** How many entries a directory holds. */
  count(directory: number): number | Promise<number>;
}

/** Something that can replicate a tree in which entries move. */
export interface TreeContender {
  readonly name: string;
  /** Two replicas of a tree of so many directories, all made by operations. */
  open(directories: number): Promise<readonly [TreeReplica, TreeReplica]>;
}

export const filesPerDirectory = 1_000;

/** Where a file is in the beginning. */
export function homeOf(file: number): number {
  return Math.floor(file / filesPerDirectory);
}
