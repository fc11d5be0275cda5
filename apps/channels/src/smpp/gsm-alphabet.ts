/**
 * The GSM 7-bit default alphabet with its extension table (3GPP TS 23.038 §6.2.1), one septet per octet, as message centres
 * take it under data coding 0. No national tables: what is not in it is sent as UCS-2.
 */

const BASIC =
  "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\u001bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
const ESCAPE = 0x1b;
const EXTENSION: ReadonlyMap<string, number> = new Map([
  ["\f", 0x0a],
  ["^", 0x14],
  ["{", 0x28],
  ["}", 0x29],
  ["\\", 0x2f],
  ["[", 0x3c],
  ["~", 0x3d],
  ["]", 0x3e],
  ["|", 0x40],
  ["€", 0x65],
]);

const SEPTETS: ReadonlyMap<string, readonly number[]> = new Map<string, readonly number[]>([
  ...Array.from(BASIC).flatMap((char, code) => (code === ESCAPE ? [] : [[char, [code]] as const])),
  ...[...EXTENSION].map(([char, code]) => [char, [ESCAPE, code]] as const),
]);
const EXTENDED: ReadonlyMap<number, string> = new Map([...EXTENSION].map(([char, code]) => [code, char]));

/** The septets of one character (one or two); `undefined` when the alphabet does not have it. */
export function septetsOf(char: string): readonly number[] | undefined {
  return SEPTETS.get(char);
}

/** Reads septets, one per octet. What the table does not have is a space, as TS 23.038 asks of unknown escapes. */
export function readSeptets(octets: Uint8Array): string {
  let text = "";
  for (let i = 0; i < octets.length; i++) {
    const code = octets[i]! & 0x7f;
    if (code !== ESCAPE) text += BASIC[code];
    else text += EXTENDED.get((octets[++i] ?? ESCAPE) & 0x7f) ?? " ";
  }
  return text;
}
