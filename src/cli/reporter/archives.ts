import type { ArchiveInfo } from '../../protocol/messages.js';
import { age } from './human.js';
import type { Style } from './style.js';
import { table } from './table.js';

export const archivePrefix = 'refs/mizer/archive/';

/** `now` in milliseconds since 1970. */
export function archiveTable(archives: readonly ArchiveInfo[], now: number, style: Style): string {
  const columns = [
    { title: 'ARCHIVE', text: ({ name }: ArchiveInfo) => archivePrefix + name },
    { title: 'AGE', right: true, text: ({ createdAt }: ArchiveInfo) => age(Date.parse(createdAt), now) },
    { title: 'COMMIT', text: ({ commit }: ArchiveInfo) => commit.slice(0, 10) },
  ];
  return table(archives, columns, style) + restoreText(archives[0]?.name ?? '', style);
}

function restoreText(name: string, style: Style): string {
  const ref = archivePrefix + name;
  return `
${style.dim('look    ')}git show --stat ${ref}
${style.dim('restore ')}mzr shell ${name} --at ${ref}
${style.dim('or here ')}git restore --source ${ref} -- .
${style.dim('forget  ')}git update-ref -d ${ref}
`;
}

/** What was archived on the way, if anything. */
export function archivedText(names: readonly string[]): string {
  if (names.length === 0) return '';
  return `Unsaved work was archived first: ${names.map((name) => archivePrefix + name).join(', ')} (see mzr archives).\n`;
}
