const eighths = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** A bar of at most `width` columns for a share between 0 and 1; what is there at all shows. */
export function bar(share: number, width: number): string {
  if (!(share > 0)) return ''.padEnd(width);
  const units = Math.max(1, Math.round(Math.min(1, share) * width * 8));
  return ('█'.repeat(Math.floor(units / 8)) + (eighths[units % 8] ?? '')).padEnd(width);
}
