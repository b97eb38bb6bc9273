import { catalogue } from '../catalogue.js';
import { type Declaration, groups } from '../declaration.js';
import { commonOptions, optionWord, usageLine, usualExits } from './usage-line.js';

/** The text of docs/commands.md. */
export function reference(): string {
  const parts = Object.entries(groups).map(([group, title]) => {
    const own = catalogue.filter((declaration) => declaration.group === group);
    return `## ${title}\n\n${own.map(section).join('\n')}`;
  });
  return `${preface()}\n${parts.join('\n')}`;
}

function preface(): string {
  const rows = catalogue.map(({ name, summary }) => `| [\`${name}\`](#mzr-${name}) | ${cell(summary)} |`);
  return `# Commands

Generated from the declarations in \`src/cli/commands/\` by \`node scripts/reference.js\`; \`mzr help COMMAND\` says the same.

| command | what it does |
|---|---|
${rows.join('\n')}

Every command has these options:

${optionTable(commonOptions)}
Exit status: ${Object.entries(usualExits)
    .map(([status, meaning]) => `${status} ${meaning}`)
    .join(', ')}; 1 where the answer is no. \`run\`, \`exec\` and \`shell\` pass on the status of their command.

With \`--json\` an answer is one JSON document on standard output, and an error is one on standard error:
\`{"error": {"code": "E_…", "message": "…", "hint": "…" or null, "data": {…}}}\`. Codes are stable, sentences are not. A path in the
tree is text where its bytes are UTF-8, and \`{"bytes": "<base64>"}\` where they are not. With \`--json\`, \`run\`, \`exec\` and \`shell\`
send the command's standard output to standard error.

Colours are used on a terminal only, never when \`NO_COLOR\` is set, always when \`FORCE_COLOR\` is.
`;
}

function section(declaration: Declaration): string {
  const { name, summary, description, examples, exits } = declaration;
  const options = Object.entries(declaration.options).map(
    ([key, option]) => [optionWord(key, option), option.summary] as const,
  );
  const parts = [
    `### mzr ${name}\n\n${sentence(summary)}\n`,
    `\`\`\`\n${usageLine(declaration)}\n\`\`\`\n`,
    ...description.map((paragraph) => `${escape(paragraph)}\n`),
    options.length === 0 ? '' : optionTable(options),
    `\`\`\`sh\n${examples.map(({ line, says }) => `${line}    # ${says}`).join('\n')}\n\`\`\`\n`,
    exits === undefined
      ? ''
      : `Exit status: ${Object.entries(exits)
          .map(([status, meaning]) => `\`${status}\` ${escape(meaning)}`)
          .join('; ')}.\n`,
  ];
  return parts.filter((part) => part !== '').join('\n');
}

function optionTable(options: readonly (readonly [word: string, summary: string])[]): string {
  const rows = options.map(([word, summary]) => `| \`${word.replaceAll('|', '\\|')}\` | ${cell(summary)} |`);
  return `| option | |\n|---|---|\n${rows.join('\n')}\n`;
}

function sentence(summary: string): string {
  return `${summary.slice(0, 1).toUpperCase()}${escape(summary.slice(1))}.`;
}

function escape(text: string): string {
  return text.replace(/[*_<]/g, '\\$&');
}

function cell(text: string): string {
  return escape(text).replaceAll('|', '\\|');
}
