import { readProtobuf } from "./protobuf-reader.js";

describe("readProtobuf", () => {
  it("reads the wire types in use", () => {
    // 1: varint 300; 2: "testing"; 3: fixed32; 4: fixed64 (examples of the encoding guide).
    const bytes = Buffer.from("08ac02120774657374696e671d01000000210200000000000000", "hex");
    expect(readProtobuf(bytes)).toEqual([
      { number: 1, value: 300n },
      { number: 2, value: Buffer.from("testing") },
      { number: 3, value: Buffer.from("01000000", "hex") },
      { number: 4, value: Buffer.from("0200000000000000", "hex") },
    ]);
    expect(readProtobuf(Buffer.alloc(0))).toEqual([]);
  });

  it.each([
    ["ends within a varint", "08ac"],
    ["ends within a field", "1207746573"],
    ["has a varint of more than 10 bytes", `08${"ff".repeat(10)}01`],
    ["uses a wire type that is not in use", "0b"],
  ])("refuses a message that %s", (_, hex) => {
    expect(() => readProtobuf(Buffer.from(hex, "hex"))).toThrow(RangeError);
  });
});
