const days = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];
const months = 'january february march april may june july august september october november december'.split(' ');
const units = 'second minute hour day week month year'.split(' ');
const numbers = 'zero one two three four five six seven eight nine ten'.split(' ');
const others = 'a an ago last at on in the of and now today yesterday noon midnight tea never am pm t'.split(' ');
const zones =
  'z utc gmt wet bst met cet mewt mest mesz eet eest est edt cst cdt mst mdt pst pdt ast adt hst jst nzst nzdt'.split(
    ' ',
  );

/** Before a weekday: which one is meant. */
const told = new RegExp(`(?:^|[^\\d:.-])(?:\\d{1,2}|last|${numbers.join('|')})[\\s.]+$`, 'i');

/**
 * A date in words as git's approxidate is to be asked. Git takes any text for a date and what it does not know for now, so a misspelt word
 * would quietly be another date; and a weekday alone means the last such day, which git understands only when told so.
 * @returns `undefined` where a word means nothing
 */
export function askableDate(text: string): string | undefined {
  const words = text.match(/[A-Za-z]+/g) ?? [];
  if (!/[0-9A-Za-z]/.test(text) || !words.every(isKnown)) return undefined;
  return text.replace(/[A-Za-z]+/g, (word, at: number) =>
    abbreviates(word, days, 3) && !told.test(text.slice(0, at)) ? `last ${word}` : word,
  );
}

function isKnown(word: string): boolean {
  return (
    abbreviates(word, days, 3) ||
    abbreviates(word, months, 3) ||
    abbreviates(word.replace(/s$/i, ''), [...units, ...days], 3) ||
    [...numbers, ...others, ...zones].includes(word.toLowerCase())
  );
}

function abbreviates(word: string, names: readonly string[], least: number): boolean {
  const lower = word.toLowerCase();
  return lower.length >= least && names.some((name) => name.startsWith(lower));
}
