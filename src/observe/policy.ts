/** What of a real directory is tracked. */
export type Policy = 'enter-subdirs' | 'bundle-subdirs' | 'ignore-subdirs' | 'ignore-most';

export const POLICIES: readonly Policy[] = ['enter-subdirs', 'bundle-subdirs', 'ignore-subdirs', 'ignore-most'];

/** The contents of the files of `master-stub`; what is absent is not there. */
export interface Stub {
  readonly '.gitignore'?: string;
  readonly '.gitattributes'?: string;
  readonly '.nogbundles'?: string;
}

export const STUB_FILES = ['.gitattributes', '.gitignore', '.nogbundles'] as const;

const stubs: Readonly<Record<Policy, Stub>> = {
  'enter-subdirs': { '.gitignore': '' },
  'ignore-subdirs': { '.gitignore': '/*/\n' },
  'bundle-subdirs': { '.gitignore': '/*/\n', '.gitattributes': '/*/ nogbundle\n', '.nogbundles': '/*/\n' },
  'ignore-most': {
    '.gitignore': '*\n!.gitignore\n!.gitattributes\n!.nogbundles\n!README.md\n!README.txt\n',
  },
};

/** The files that a fresh shadow repository of this policy has. */
export function stubOf(policy: Policy): Stub {
  return stubs[policy];
}

/** The same after a switch to the policy: all three files are there, empty ones too, so that merging into the branches is plain. */
export function switchedStub(policy: Policy): Required<Stub> {
  return { '.gitignore': '', '.gitattributes': '', '.nogbundles': '', ...stubs[policy] };
}
