/**
 * A text as one or several short messages, and back. A long text goes as a concatenated message with a user data header
 * (3GPP TS 23.040 §9.2.3.24.1): 153 septets or 67 UCS-2 units each, where a single one has 160 or 70.
 */
import { readSeptets, septetsOf } from "./gsm-alphabet.js";

/** Data coding (SMPP 3.4 §5.2.19). */
export const DATA_CODING = { default: 0x00, ascii: 0x01, latin1: 0x03, ucs2: 0x08 } as const;
/** Bit of `esm_class`: the message begins with a user data header (§5.2.12). */
export const HAS_HEADER = 0x40;

export interface SmsParts {
  readonly dataCoding: number;
  /** 0, or `HAS_HEADER`. */
  readonly esmClass: number;
  /** `short_message` of each, header included. */
  readonly parts: readonly Buffer[];
}

const MAX_PARTS = 255;
const LENGTHS = {
  gsm: { single: 160, part: 153 },
  ucs2: { single: 140, part: 134 },
} as const;

/** A text that needs more parts than a concatenated message may have. */
export class TextTooLong extends Error {
  override readonly name = "TextTooLong";
}

/**
 * Cuts a text into short messages; `reference` (0 to 255) tells its parts from those of another message to the same phone.
 * No character is cut in two. Throws TextTooLong.
 */
export function smsParts(text: string, reference: number): SmsParts {
  const gsm = gsmUnits(text);
  const units = gsm ?? ucs2Units(text);
  const { single, part } = gsm ? LENGTHS.gsm : LENGTHS.ucs2;
  const dataCoding = gsm ? DATA_CODING.default : DATA_CODING.ucs2;
  const whole = pack(units, single);
  if (whole.length <= 1)
    return { dataCoding, esmClass: 0, parts: whole.length === 0 ? [Buffer.alloc(0)] : whole };
  const bodies = pack(units, part);
  if (bodies.length > MAX_PARTS)
    throw new TextTooLong(
      `a text of ${text.length} characters needs ${bodies.length} short messages; ${MAX_PARTS} is the most`,
    );
  return {
    dataCoding,
    esmClass: HAS_HEADER,
    parts: bodies.map((body, i) =>
      Buffer.concat([Buffer.from([5, 0, 3, reference & 0xff, bodies.length, i + 1]), body]),
    ),
  };
}

/** The octets of each character, or `undefined` when one of them is not in the GSM alphabet. */
function gsmUnits(text: string): readonly (readonly number[])[] | undefined {
  const units: (readonly number[])[] = [];
  for (const char of text) {
    const septets = septetsOf(char);
    if (!septets) return undefined;
    units.push(septets);
  }
  return units;
}

function ucs2Units(text: string): readonly (readonly number[])[] {
  return Array.from(text, (char) => [...Buffer.from(char, "utf16le").swap16()]);
}

/** Fills messages of at most `room` octets with whole characters. */
function pack(units: readonly (readonly number[])[], room: number): Buffer[] {
  const messages: Buffer[] = [];
  let octets: number[] = [];
  for (const unit of units) {
    if (octets.length + unit.length > room) {
      messages.push(Buffer.from(octets));
      octets = [];
    }
    octets.push(...unit);
  }
  if (octets.length > 0) messages.push(Buffer.from(octets));
  return messages;
}

/** A part of a concatenated message that came in. */
export interface ReceivedPart {
  readonly text: string;
  /** Absent: it is whole. */
  readonly of?: { readonly reference: number; readonly total: number; readonly number: number };
}

/** Reads the text of a message that came in. Unknown codings are read as Latin-1, which keeps every octet. */
export function readSms(octets: Buffer, dataCoding: number, esmClass: number): ReceivedPart {
  const header = (esmClass & HAS_HEADER) !== 0 && octets.length > 0 ? octets[0]! + 1 : 0;
  const text = textOf(octets.subarray(header), dataCoding);
  const of = header > 0 ? concatenation(octets.subarray(1, header)) : undefined;
  return of ? { text, of } : { text };
}

function textOf(octets: Buffer, dataCoding: number): string {
  switch (dataCoding) {
    case DATA_CODING.default:
      return readSeptets(octets);
    case DATA_CODING.ucs2:
      // A half unit at the end cannot be read.
      return Buffer.from(octets.subarray(0, octets.length & ~1))
        .swap16()
        .toString("utf16le");
    default:
      return octets.toString("latin1");
  }
}

/** Finds the element of concatenation (8 or 16 bit reference) in a user data header. */
function concatenation(header: Buffer): ReceivedPart["of"] {
  for (let i = 0; i + 2 <= header.length; i += 2 + header[i + 1]!) {
    const at = i + 2;
    if (header[i] === 0x00 && header[i + 1] === 3 && at + 3 <= header.length)
      return { reference: header[at]!, total: header[at + 1]!, number: header[at + 2]! };
    if (header[i] === 0x08 && header[i + 1] === 4 && at + 4 <= header.length)
      return { reference: header.readUInt16BE(at), total: header[at + 2]!, number: header[at + 3]! };
  }
  return undefined;
}
