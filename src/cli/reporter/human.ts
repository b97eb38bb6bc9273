import { fromText, toDisplay } from '../../model/tree-path.js';

/** Bytes as `du -h` writes them: at most four characters, powers of 1024. */
export function size(bytes: number): string {
  let number = bytes;
  let unit = 0;
  while (number >= 1023.5 && unit < 5) [number, unit] = [number / 1024, unit + 1];
  const digits = unit > 0 && number < 9.95 ? number.toFixed(1) : String(Math.round(number));
  return `${digits}${'BKMGTP'[unit] ?? ''}`;
}

const steps: readonly (readonly [seconds: number, unit: string])[] = [
  [365 * 86_400, 'y'],
  [7 * 86_400, 'w'],
  [86_400, 'd'],
  [3600, 'h'],
  [60, 'm'],
];

/** How long ago, in the largest unit of which there is one: `3h`. Both in milliseconds since 1970. */
export function age(then: number, now: number): string {
  const seconds = Math.max(0, Math.floor((now - then) / 1000));
  for (const [length, unit] of steps) if (seconds >= length) return `${Math.floor(seconds / length)}${unit}`;
  return `${seconds}s`;
}

export function count(number: number, one: string, many = `${one}s`): string {
  return `${grouped(number)} ${number === 1 ? one : many}`;
}

/** `1,234,567`. By hand: the first `toLocaleString` of a process takes 17 ms. */
export function grouped(number: number | bigint): string {
  return String(number).replace(/\B(?=(?:\d{3})+$)/g, ',');
}

/** Text that came from elsewhere (a command line, an absolute path) made safe for a terminal and unambiguous. */
export function shown(text: string): string {
  return toDisplay(fromText(text));
}

/** A word as a shell would read it back. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
