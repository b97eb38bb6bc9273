import type { Progress } from '../../protocol/messages.js';
import { grouped } from './human.js';

export interface ProgressLine {
  /** @param urgent what comes must be seen even if something was drawn a moment ago: nothing may follow for long */
  readonly report: (progress: Progress, urgent?: boolean) => void;
  /** Takes the line away again. */
  readonly clear: () => void;
}

const patience = 300;
const pace = 80;

/** One line that is drawn over and over; nothing before 300 ms have gone, so that quick commands stay silent. */
export function progressLine(write: (text: string) => void, now: () => number): ProgressLine {
  const start = now();
  let last = 0;
  let drawn = false;
  return {
    report: (progress, urgent = false) => {
      const time = now();
      if (time - start < patience || (time - last < pace && !urgent)) return;
      last = time;
      drawn = true;
      write(`\r\u001b[K${progressText(progress)}`);
    },
    clear: () => {
      if (drawn) write('\r\u001b[K');
      drawn = false;
    },
  };
}

export function progressText({ phase, done, total }: Progress): string {
  if (total <= 0) return `${phase}: ${grouped(done)}`;
  const percent = Math.min(100, Math.floor((100 * done) / total));
  return `${phase}: ${percent}% (${grouped(done)}/${grouped(total)})`;
}
