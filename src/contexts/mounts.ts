/** One context as the hub knows it: its store's id and its name. */
export interface ContextKey {
  readonly storeId: string;
  readonly name: string;
}

export interface MountRequest {
  readonly key: ContextKey;
  /** Absolute paths of layer trees, the topmost first. */
  readonly lowers: readonly string[];
  readonly upper: string;
  readonly work: string;
}

/** A process that sees a context at its work tree's path. */
export interface Inhabitant {
  readonly pid: number;
  /** Identifies its mount namespace, and so its session: `mnt:[4026532177]`. */
  readonly namespace: string;
  readonly command: string;
}

/**
 * What the capability needs of the hub, the one place where contexts are mounted (contexts.md, "The hub"). The daemon implements it.
 * All calls may run at once; each is atomic: it has happened or it has not.
 */
export interface Mounts {
  /** Where the context is, or would be, mounted. A pure function of the key; exists only inside the hub and its sessions. */
  mountPoint(key: ContextKey): string;
  /** Where the common git directory of a store's repository is seen in the hub: ends in `/<work tree name>/.git`. Pure. */
  secondPath(storeId: string, workTree: string): string;
  /** Binds the common git directory at its second path; does nothing when it is there. */
  bindGitDirectory(storeId: string, workTree: string, commonDirectory: string): Promise<string>;
  /**
   * Mounts a context once and answers its mount point; does nothing when it is mounted.
   * @throws MizerError `E_CONTEXT_MOUNTED_ELSEWHERE` when another living hub holds the upper directory (a second mount is undefined)
   */
  mount(request: MountRequest): Promise<string>;
  /** Detaches a context from the hub; nothing when it is not mounted. @throws MizerError `E_CONTEXT_IN_USE` while anyone sees it */
  unmount(key: ContextKey): Promise<void>;
  isMounted(key: ContextKey): boolean;
  /** Who sees contexts of a store, by context name. Read from the kernel, never remembered. */
  inhabitants(storeId: string): Promise<ReadonlyMap<string, readonly Inhabitant[]>>;
}
