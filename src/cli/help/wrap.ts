/** Text in lines of at most `width` columns, each after `indent`; a longer word stands alone. */
export function wrap(text: string, indent: string, width = 80): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && indent.length + line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].map((one) => indent + one).join('\n');
}

/** Two columns, the second wrapped beside the first; a first that is too long has a line of its own. */
export function pairs(entries: readonly (readonly [first: string, second: string])[], most = 26): string {
  const longest = Math.max(...entries.map(([first]) => first.length));
  const width = Math.min(most, longest) + 4;
  return entries
    .map(([first, second]) => {
      const wrapped = wrap(second, ' '.repeat(width));
      const head = `  ${first}`;
      return head.length + 2 > width ? `${head}\n${wrapped}\n` : `${head.padEnd(width)}${wrapped.slice(width)}\n`;
    })
    .join('');
}
