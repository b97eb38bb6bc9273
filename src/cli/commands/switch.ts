import { switchTarget } from '../arguments/types.js';
import { declare, flag, required } from '../declaration.js';

export const switchTo = declare({
  name: 'switch',
  summary: 'this session now sees CONTEXT; works with the shell standing inside the tree',
  group: 'work',
  description: [
    'Changes what this session sees at the path of the work tree, while its programs run: files that are open stay as they are, new look-ups see CONTEXT. Give - to see the host view again.',
    'The shell itself still stands in the old tree until it changes directory. The shell integration does that (mzr help hook); without it type cd "$PWD".',
    'With --branch the context that belongs to a branch, made on first use from the nearest one; uncommitted changes and build products are as they were left there.',
  ],
  positionals: { context: required(switchTarget, 'a context, or - for the host view; with --branch a branch') },
  options: { branch: flag('CONTEXT is a branch: switch to the context that belongs to it', 'b') },
  examples: [
    { line: 'mzr switch review', says: 'see the context review from here on' },
    { line: 'mzr switch -b feature/login', says: 'the context of a branch' },
    { line: 'mzr switch -', says: 'back to the host view' },
  ],
  load: async () => (await import('../actions/switch.js')).switchTo,
});
