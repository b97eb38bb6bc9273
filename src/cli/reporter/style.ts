type Paint = (text: string) => string;

export interface Style {
  readonly bold: Paint;
  readonly dim: Paint;
  readonly red: Paint;
  readonly green: Paint;
  readonly yellow: Paint;
  readonly cyan: Paint;
}

const sgr =
  (on: number, off: number): Paint =>
  (text) =>
    text === '' ? '' : `\u001b[${on}m${text}\u001b[${off}m`;
const as: Paint = (text) => text;

export const plain: Style = { bold: as, dim: as, red: as, green: as, yellow: as, cyan: as };
export const coloured: Style = {
  bold: sgr(1, 22),
  dim: sgr(2, 22),
  red: sgr(31, 39),
  green: sgr(32, 39),
  yellow: sgr(33, 39),
  cyan: sgr(36, 39),
};

/** Colours only on a terminal; NO_COLOR (no-color.org) wins over FORCE_COLOR, which wins over what the stream is. */
export function styleFor(terminal: boolean, env: NodeJS.ProcessEnv): Style {
  if ((env['NO_COLOR'] ?? '') !== '') return plain;
  const forced = env['FORCE_COLOR'];
  if (forced !== undefined) return forced === '0' || forced === 'false' ? plain : coloured;
  return terminal && env['TERM'] !== 'dumb' ? coloured : plain;
}
