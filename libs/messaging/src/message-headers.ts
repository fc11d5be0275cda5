/** Headers of NATS messages, read and written at the cost of what is really in them. */
import { InvalidArgumentError, MsgHdrsImpl, type MsgHdrs } from "@nats-io/nats-core";

/** A header by name, whatever its case. */
export function readHeader(headers: MsgHdrs | undefined, name: string): string | undefined {
  if (!headers) return undefined;
  const lower = name.toLowerCase();
  for (const [key, values] of headers) {
    if (key === name || (key.length === name.length && key.toLowerCase() === lower)) return values[0];
  }
  return undefined;
}

/** Headers for `publish` and `respond` of nats-core, which only encode them. Throws InvalidArgumentError. */
export function toHeaders(record: Readonly<Record<string, string>>): MsgHdrs {
  return new WrittenHeaders(encodeHeaders(record));
}

/** A name is made of printable ASCII characters except the colon (RFC 822 §3.1.2). */
const NAME = /^[!-9;-~]+$/;
const LINE_BREAK = /[\r\n]/;

function encodeHeaders(record: Readonly<Record<string, string>>): Uint8Array {
  let text = "NATS/1.0\r\n";
  for (const name in record) {
    const value = record[name]!;
    if (!NAME.test(name)) throw InvalidArgumentError.format("header", `'${name}' is not a valid header name`);
    if (LINE_BREAK.test(value))
      throw InvalidArgumentError.format("header", `the value of ${name} has a line break`);
    text += `${name}: ${value}\r\n`;
  }
  return Buffer.from(text + "\r\n", "utf8");
}

/** Headers in the form in which they travel. nats-core's own ones look through all their names at each `set`. */
class WrittenHeaders extends MsgHdrsImpl {
  constructor(private readonly bytes: Uint8Array) {
    super();
  }
  override encode(): Uint8Array {
    return this.bytes;
  }
}
