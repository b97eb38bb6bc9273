// What both Node and browsers have beyond the language itself, and no more.

declare class TextEncoder {
  encode(text: string): Uint8Array;
}

declare class TextDecoder {
  constructor(label: 'utf-8', options: { readonly fatal: boolean; readonly ignoreBOM: boolean });
  /** @throws TypeError on invalid bytes, when `fatal` */
  decode(bytes: Uint8Array): string;
}
