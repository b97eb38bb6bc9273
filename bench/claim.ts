import { readFileSync, rmSync, writeFileSync } from 'node:fs';

/**
 * Claims a place for this process until it ends.
 * @throws Error when another benchmark that lives has it: two in one place would measure each other
 */
export function claim(file: string): void {
  const other = holder(file);
  if (other !== undefined) throw new Error(`Another benchmark (process ${other}) is measuring in this place.`);
  writeFileSync(file, `${process.pid}\n`);
  process.on('exit', () => rmSync(file, { force: true }));
}

function holder(file: string): number | undefined {
  try {
    const pid = Number(readFileSync(file, 'utf8'));
    process.kill(pid, 0);
    return pid;
  } catch {
    return undefined;
  }
}
