import { ContentString, type Item } from 'yjs';

/** Half of a pair that stands for one character. */
export const SURROGATE = /[\ud800-\udfff]/;

/** The characters of a stretch; those of a deleted one may be forgotten. */
export function contentOf(item: Item): string {
  return item.content instanceof ContentString ? item.content.str : '';
}
