import { choice } from '../arguments/types.js';
import { declare, required } from '../declaration.js';
import { shells } from './completion.js';

export const hook = declare({
  name: 'hook',
  summary: 'print the shell integration',
  group: 'set',
  description: [
    'After mzr switch the shell goes into the new context (cd "$PWD"; into the nearest directory that exists there), and the prompt begins with the name of the context one stands in. Put the line for your shell at the end of its start-up file.',
  ],
  positionals: { shell: required(choice('bash|zsh|fish', shells), 'the shell') },
  options: {},
  examples: [
    { line: 'eval "$(mzr hook bash)"', says: 'in ~/.bashrc' },
    { line: 'eval "$(mzr hook zsh)"', says: 'in ~/.zshrc' },
    { line: 'mzr hook fish | source', says: 'in ~/.config/fish/config.fish' },
  ],
  load: async () => (await import('../actions/hook.js')).hook,
});
