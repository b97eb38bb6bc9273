/** A list of numbers that grows: in far less memory than an array of them, and of no work for who collects garbage. */
export class Column<Numbers extends Uint32Array | Float64Array> {
  readonly #make: (length: number) => Numbers;
  #numbers: Numbers;
  #length = 0;

  constructor(make: (length: number) => Numbers) {
    this.#make = make;
    this.#numbers = make(8);
  }

  get length(): number {
    return this.#length;
  }

  /** All that can be in it now, and 0 behind; good until the next `push`. */
  get numbers(): Numbers {
    return this.#numbers;
  }

  /** 0 where there is none. */
  at(index: number): number {
    return this.#numbers[index] ?? 0;
  }

  set(index: number, number: number): void {
    this.#numbers[index] = number;
  }

  push(number: number): void {
    if (this.#length === this.#numbers.length) this.reserve(this.#length);
    this.#numbers[this.#length] = number;
    this.#length += 1;
  }

  /** Makes room for so many more at once. */
  reserve(more: number): void {
    const length = this.#length + more;
    if (length <= this.#numbers.length) return;
    const larger = this.#make(Math.max(length, Math.ceil(this.#length * 1.5)));
    larger.set(this.#numbers);
    this.#numbers = larger;
  }
}
