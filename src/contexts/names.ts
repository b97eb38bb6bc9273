import { checkName } from '../model/context-name.js';

/** A valid name that resembles a branch's: `feature/x` becomes `feature-x`. */
export function nameForBranch(branch: string): string {
  const plain = branch.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/\.{2,}/g, '.');
  return checkName(
    plain
      .replace(/^[^A-Za-z0-9]+/, '')
      .replace(/\.lock$/, '-lock')
      .slice(0, 64) || 'branch',
  );
}

const adjectives =
  'amber ample brave brisk calm civil clear crisp dry eager early even fair fond fresh glad grand green keen kind late light lively lucid mellow merry mild neat noble pale plain prime proud quick quiet rapid ready ripe round sharp sleek smart snug solid spare still sunny swift tidy vivid warm wide wise young';
const nouns =
  'acorn anchor anvil apple aspen badge basin beacon birch bison brook canal candle cedar cliff cloud comet coral crane delta ember falcon fern field finch fjord flint garnet glade grove harbor hazel heron island ivy juniper kettle lagoon lark linen lotus maple meadow mesa moss oak orbit otter pearl pebble pine plum pond quartz quill reef ridge river robin sage sparrow spruce stone summit thistle tulip valley walnut willow wren';

/** A readable name that is not `taken`: two words, then a number when chance has them all. `random` yields [0, 1). */
export function generateName(taken: (name: string) => boolean, random: () => number): string {
  const pick = (words: string): string => {
    const list = words.split(' ');
    return list[Math.floor(random() * list.length)] ?? 'mild';
  };
  for (let attempt = 0; ; attempt += 1) {
    const suffix = attempt < 8 ? '' : `-${Math.floor(random() * 10 ** Math.min(attempt - 6, 9))}`;
    const name = `${pick(adjectives)}-${pick(nouns)}${suffix}`;
    if (!taken(name)) return name;
  }
}
