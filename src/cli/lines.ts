import type { World } from './world.js';

const most = 64 * 1024;

export interface Lines {
  readonly write: (text: string) => void;
  /** Writes what is held back. */
  readonly end: () => void;
}

/** Text on standard output in few writes, so that a million lines cost little; on a terminal each at once. */
export function lines({ out }: World): Lines {
  let held = '';
  const end = (): void => {
    if (held !== '') out.write(held);
    held = '';
  };
  return {
    write: (text) => {
      held += text;
      if (out.terminal || held.length >= most) end();
    },
    end,
  };
}
