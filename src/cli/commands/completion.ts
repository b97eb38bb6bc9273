import { choice } from '../arguments/types.js';
import { declare, required } from '../declaration.js';

export const shells = ['bash', 'zsh', 'fish'] as const;

export const completion = declare({
  name: 'completion',
  summary: 'print the completion for a shell',
  group: 'set',
  description: [
    'Completes commands, options, their values, and the names of contexts, snapshots and branches. Put the line for your shell into its start-up file.',
  ],
  positionals: { shell: required(choice('bash|zsh|fish', shells), 'the shell') },
  options: {},
  examples: [
    { line: 'eval "$(mzr completion bash)"', says: 'in ~/.bashrc' },
    { line: 'eval "$(mzr completion zsh)"', says: 'in ~/.zshrc, after compinit' },
    { line: 'mzr completion fish | source', says: 'in ~/.config/fish/config.fish' },
  ],
  load: async () => (await import('../actions/completion.js')).completion,
});
