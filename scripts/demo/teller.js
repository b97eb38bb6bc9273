import { typed } from './world.js';

/**
 * Tells a story of commands: says sentences, types lines, shows what they print and holds it against what it should be.
 * `print` gets finished lines; `failures` counts what was not as expected.
 */
export class Teller {
  failures = 0;

  constructor(world, print) {
    this.world = world;
    this.print = print;
  }

  say(sentence) {
    this.print(`\n# ${sentence}`);
  }

  /** Types `line`; `shows` and `hides` are patterns its output must and must not have. */
  async type(line, expected = {}) {
    this.print(`$ ${line}`);
    this.#show(line, await typed(this.world, line), expected);
  }

  /** Types two lines at two terminals; both must have been running at one moment. */
  async typeAtOnce(...pairs) {
    const results = await Promise.all(pairs.map(([line]) => typed(this.world, line)));
    for (const [n, [line, expected]] of pairs.entries()) {
      this.print(`[terminal ${n + 1}] $ ${line}`);
      this.#show(line, results[n], expected);
    }
    const lastStart = Math.max(...results.map(({ started }) => started));
    if (lastStart > Math.min(...results.map(({ ended }) => ended))) this.#complain('they did not run at the same time');
  }

  /** Types `first`, which opens a shell, and in that shell each of `lines` with what it should show. */
  async typeInShell(first, lines) {
    const mark = '--mark--';
    const script = lines.map(([, line]) => `${line}\necho ${mark}\n`).join('');
    const result = await typed(this.world, first, script);
    const outputs = result.output.split(`${mark}\n`);
    this.print(`$ ${first}`);
    for (const [n, [prompt, line, expected]] of lines.entries()) {
      this.print(`${prompt} ${line}`);
      this.#show(line, { output: outputs[n] ?? '', status: result.status }, expected ?? {});
    }
  }

  #show(line, { output, status }, { shows = [], hides = [], status: wanted = 0 }) {
    const lines = output
      .trimEnd()
      .split('\n')
      .filter((text) => text !== '');
    const shown = lines.length > 9 ? [...lines.slice(0, 2), '…', ...lines.slice(-1)] : lines;
    for (const text of shown) this.print(text);
    if (status !== wanted) this.#complain(`“${line}” ended with ${status}, expected was ${wanted}`);
    for (const pattern of shows) if (!pattern.test(output)) this.#complain(`“${line}” should have shown ${pattern}`);
    for (const pattern of hides) if (pattern.test(output)) this.#complain(`“${line}” should not have shown ${pattern}`);
  }

  #complain(text) {
    this.failures += 1;
    this.print(`! not as expected: ${text}`);
  }
}
