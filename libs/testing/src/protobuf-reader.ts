/** The wire format of protobuf (https://protobuf.dev/programming-guides/encoding/), one message deep. */

export interface ProtobufField {
  readonly number: number;
  /** A varint as it stands; 32-bit, 64-bit and length-delimited fields as their bytes. */
  readonly value: bigint | Buffer;
}

/** Fields of one message in their order. Throws RangeError when the bytes are not a message. */
export function readProtobuf(bytes: Buffer): ProtobufField[] {
  const fields: ProtobufField[] = [];
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[at++];
      if (byte === undefined) throw new RangeError("protobuf: the message ends within a varint");
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new RangeError("protobuf: a varint of more than 10 bytes");
  };
  const take = (length: number): Buffer => {
    if (length > bytes.length - at) throw new RangeError("protobuf: the message ends within a field");
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const tag = varint();
    const number = Number(tag >> 3n);
    const wireType = Number(tag & 7n);
    switch (wireType) {
      case 0:
        fields.push({ number, value: varint() });
        break;
      case 1:
        fields.push({ number, value: take(8) });
        break;
      case 2:
        fields.push({ number, value: take(Number(varint())) });
        break;
      case 5:
        fields.push({ number, value: take(4) });
        break;
      default:
        throw new RangeError(`protobuf: wire type ${wireType} of field ${number} is not in use`);
    }
  }
  return fields;
}
