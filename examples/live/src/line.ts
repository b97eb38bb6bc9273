import { element } from './element.js';

/** Who is at one end of the line. */
export interface End {
  receive(bytes: Uint8Array): void;
}

/** What connects the two: messages arrive a moment later, or wait as long as the line is cut. Presence does not wait, it is lost. */
export class Line {
  readonly element = element('div', { className: 'line' });
  readonly #ends: End[] = [];
  readonly #waiting: { readonly to: End; readonly bytes: Uint8Array }[] = [];
  readonly #switch = element('button', { type: 'button', onclick: () => this.#turn() });
  readonly #says = element('output');
  #isCut = false;

  constructor() {
    this.element.append(element('div', { className: 'wire' }), this.#switch, this.#says);
    this.#show();
  }

  connect(end: End): void {
    this.#ends.push(end);
  }

  send(from: End, bytes: Uint8Array, canWait: boolean): void {
    if (this.#isCut && !canWait) return;
    for (const to of this.#ends) if (to !== from) this.#waiting.push({ to, bytes });
    setTimeout(() => this.#deliver(), 5);
    this.#show();
  }

  #turn(): void {
    this.#isCut = !this.#isCut;
    this.#deliver();
  }

  #deliver(): void {
    if (!this.#isCut) for (const { to, bytes } of this.#waiting.splice(0)) to.receive(bytes);
    this.#show();
  }

  #show(): void {
    this.element.classList.toggle('cut', this.#isCut);
    this.#switch.textContent = this.#isCut ? 'Join' : 'Cut';
    this.#switch.title = this.#isCut ? 'Join the line again' : 'Cut the line between the two';
    const bytes = this.#waiting.reduce((sum, message) => sum + message.bytes.length, 0);
    this.#says.textContent = this.#isCut
      ? `The line is cut. ${this.#waiting.length} messages wait (${bytes} bytes).`
      : 'The line is joined.';
  }
}
