import { catalogue } from '../catalogue.js';
import { type Command, type Declaration, type Family, groups, isFamily } from '../declaration.js';
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
  return `# Commands

Generated from the declarations in \`src/cli/commands/\` by \`node scripts/reference.js\`; \`mzr help COMMAND\` says the same.

${contents(catalogue)}
Every command has these options:

${optionTable(commonOptions())}
Exit status: ${Object.entries(usualExits)
    .map(([status, meaning]) => `${status} ${meaning}`)
    .join(', ')}; 1 where the answer is no. \`run\`, \`exec\` and \`shell\` pass on the status of their command.

With \`--json\` an answer is one JSON document on standard output (of commands that tell many things, a document a line, as soon as it is known), and an error is one on standard error:
\`{"error": {"code": "E_…", "message": "…", "hint": "…" or null, "data": {…}}}\`. Codes are stable, sentences are not. A path in the
tree is text where its bytes are UTF-8, and \`{"bytes": "<base64>"}\` where they are not. With \`--json\`, \`run\`, \`exec\` and \`shell\`
send the command's standard output to standard error.

Colours are used on a terminal only, never when \`NO_COLOR\` is set, always when \`FORCE_COLOR\` is.
`;
}

function contents(commands: readonly Command[]): string {
  const rows = commands.map(
    ({ name, summary }) => `| [\`${name}\`](#mzr-${name.replaceAll(' ', '-')}) | ${cell(summary)} |`,
  );
  return `| command | what it does |\n|---|---|\n${rows.join('\n')}\n`;
}

function section(command: Command): string {
  return isFamily(command) ? familySection(command) : commandSection(command);
}

function familySection({ name, summary, description, members }: Family): string {
  const own = [
    `### mzr ${name}\n\n${sentence(summary)}\n`,
    ...description.map((paragraph) => `${escape(paragraph)}\n`),
    contents(members),
  ];
  return [...own, ...members.map(section)].join('\n');
}

function commandSection(declaration: Declaration): string {
  const { name, summary, description, examples, exits } = declaration;
  const options = Object.entries(declaration.options).map(
    ([key, option]) => [optionWord(key, option), option.summary] as const,
  );
  const parts = [
    `### mzr ${name}\n\n${sentence(summary)}\n`,
    `\`\`\`\n${usageLine(declaration)}\n\`\`\`\n`,
    ...description.map((paragraph) => `${escape(paragraph)}\n`),
    options.length === 0 ? '' : optionTable(options),
    declaration.streams === true
      ? 'With `--json` each answer is a line of its own, written as soon as it is known.\n'
      : '',
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
