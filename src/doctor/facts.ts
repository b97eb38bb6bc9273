/** What a machine says of itself, as far as contexts depend on it. `undefined`: the machine has no such thing. */
export interface Facts {
  readonly uid: number;
  /** As the kernel prints it: `6.18.44-…`. */
  readonly kernel: string;
  /** Root in the initial user namespace, with the right to mount. */
  readonly mayMount: boolean;
  /** `user.max_user_namespaces` */
  readonly maxUserNamespaces: number | undefined;
  /** `kernel.unprivileged_userns_clone`, of Debian's older kernels. */
  readonly unprivilegedClone: number | undefined;
  /** `kernel.apparmor_restrict_unprivileged_userns`, of Ubuntu 24.04. */
  readonly apparmorRestricts: number | undefined;
  readonly userNamespace: Trial;
  /** An overlay with `userxattr`, its upper directory where the store is. */
  readonly overlay: Trial;
  /** Where the store is or would be. */
  readonly storeDirectory: string;
  /** Its file system: `ext4`, `btrfs`, `nfs4`, `overlay`, … */
  readonly storeFileSystem: string;
  /** Whether the state directory, where live contexts keep what they change, is on the store's btrfs but in another subvolume. */
  readonly stateInOtherSubvolume: boolean;
  readonly maxWatches: number | undefined;
  readonly maxInotifyInstances: number | undefined;
  /** Why processes cannot be limited or frozen; absent when they can. */
  readonly controlGroups: Trial;
  /** `2.39.5`, or `undefined` where there is no git. */
  readonly git: string | undefined;
  /** Programs that are not there. */
  readonly missingPrograms: readonly string[];
}

/** Whether something was possible when it was tried, and what was said when not. */
export type Trial = { readonly works: true } | { readonly works: false; readonly reason: string };
