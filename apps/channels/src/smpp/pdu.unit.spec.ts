import fc from "fast-check";
import { COMMAND, decodePdu, encodePdu, PduError, PduReader, type CommandName, type Pdu } from "./pdu.js";
import { deliveryReceipt, isReceipt } from "./delivery-receipt.js";
import { readSms, smsParts, TextTooLong } from "./sms-text.js";
import { relativeTime, senderAddress } from "./smpp-sms.provider.js";

const text = (most: number) => fc.string({ maxLength: most, unit: "grapheme-ascii" });
const octet = fc.integer({ min: 0, max: 255 });
const address = (most: number) => fc.record({ ton: octet, npi: octet, address: text(most) });
const message = fc.record({
  serviceType: text(5),
  source: address(20),
  destination: address(20),
  esmClass: octet,
  protocolId: octet,
  priority: octet,
  scheduleAt: text(16),
  validity: text(16),
  registeredDelivery: octet,
  replaceIfPresent: octet,
  dataCoding: octet,
  defaultMessageId: octet,
  text: fc.uint8Array({ maxLength: 254 }).map((a) => Buffer.from(a)),
});
const bodies: { readonly [C in CommandName]: fc.Arbitrary<Extract<Pdu, { command: C }>["body"]> } = {
  generic_nack: fc.constant({}),
  query_sm: fc.record({ messageId: text(64), source: address(20) }),
  query_sm_resp: fc.record({ messageId: text(64), finalDate: text(16), state: octet, error: octet }),
  submit_sm: message,
  submit_sm_resp: fc.record({ messageId: text(64) }),
  deliver_sm: message,
  deliver_sm_resp: fc.record({ messageId: text(64) }),
  unbind: fc.constant({}),
  unbind_resp: fc.constant({}),
  bind_transceiver: fc.record({
    systemId: text(15),
    password: text(8),
    systemType: text(12),
    interfaceVersion: octet,
    range: address(40),
  }),
  bind_transceiver_resp: fc.record({ systemId: text(15) }),
  enquire_link: fc.constant({}),
  enquire_link_resp: fc.constant({}),
};
const options = fc.array(
  fc.tuple(
    fc.integer({ min: 0, max: 0xffff }),
    fc.uint8Array({ maxLength: 300 }).map((a) => Buffer.from(a)),
  ),
  { maxLength: 4 },
);
const pdu = fc.constantFrom(...(Object.keys(COMMAND) as CommandName[])).chain((command) =>
  fc.record({
    command: fc.constant(command),
    status: fc.integer({ min: 0, max: 0xffffffff }),
    sequence: fc.integer({ min: 1, max: 0x7fffffff }),
    body: bodies[command] as fc.Arbitrary<object>,
    options,
  }),
) as unknown as fc.Arbitrary<Pdu>;

describe("a PDU", () => {
  it("is read as it was written", () => {
    fc.assert(fc.property(pdu, (one) => expect(decodePdu(encodePdu(one))).toEqual(one)));
  });

  it("comes whole, however the stream was cut", () => {
    fc.assert(
      fc.property(fc.array(pdu, { maxLength: 5 }), fc.array(fc.integer({ min: 1, max: 40 })), (all, cuts) => {
        const stream = Buffer.concat(all.map(encodePdu));
        const reader = new PduReader();
        const read: Buffer[] = [];
        let at = 0;
        for (const cut of [...cuts, stream.length]) {
          read.push(...reader.push(stream.subarray(at, at + cut)));
          at += cut;
        }
        expect(read.map(decodePdu)).toEqual(all);
      }),
    );
  });

  it("that is none is refused, never read as another", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 80 }), (bytes) => {
        try {
          decodePdu(Buffer.from(bytes));
        } catch (error) {
          expect(error).toBeInstanceOf(PduError);
        }
      }),
    );
    expect(() => new PduReader().push(Buffer.from([0, 0, 0, 3]))).toThrow("a PDU of 3 octets cannot be");
    expect(() => new PduReader().push(Buffer.from([0xff, 0, 0, 0]))).toThrow(PduError);
  });

  it("of a centre: a published example of bind_transceiver is written octet by octet", () => {
    const written = encodePdu({
      command: "bind_transceiver",
      status: 0,
      sequence: 1,
      body: {
        systemId: "SMPP3TEST",
        password: "secret08",
        systemType: "SUBMIT1",
        interfaceVersion: 0,
        range: { ton: 1, npi: 1, address: "" },
      },
      options: [],
    });
    // SMPP 3.4 §3.2.5, with the transceiver's command id.
    expect(written.toString("hex")).toBe(
      "0000002f000000090000000000000001534d50503354455354007365637265743038005355424d4954310000010100",
    );
  });
});

describe("a text", () => {
  it("comes back whole out of its parts, each of which a phone can take", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 400 }), octet, (body, reference) => {
        const { parts, dataCoding, esmClass } = smsParts(body, reference);
        const read = parts.map((p) => readSms(p, dataCoding, esmClass));
        expect(read.map((r) => r.text).join("")).toBe(body);
        for (const part of parts) expect(part.length).toBeLessThanOrEqual(dataCoding === 0 ? 160 : 140);
        if (parts.length > 1)
          expect(read.map((r) => r.of)).toEqual(
            parts.map((_, i) => ({ reference, total: parts.length, number: i + 1 })),
          );
      }),
    );
  });

  it.each([
    ["a".repeat(160), 1],
    ["a".repeat(161), 2],
    ["a".repeat(306), 2],
    ["a".repeat(307), 3],
    ["€".repeat(80), 1],
    ["€".repeat(81), 2],
    ["ž".repeat(70), 1],
    ["ž".repeat(71), 2],
    ["", 1],
  ])("%# takes as many messages as the alphabet allows", (body, n) => {
    expect(smsParts(body, 1).parts).toHaveLength(n);
  });

  it("that no phone could join is refused", () => {
    expect(() => smsParts("ž".repeat(67 * 255 + 1), 1)).toThrow(TextTooLong);
  });
});

describe("a receipt", () => {
  const deliver = (body: string, options: [number, Buffer][] = [], esmClass = 4) =>
    decodePdu(
      encodePdu({
        command: "deliver_sm",
        status: 0,
        sequence: 1,
        body: {
          serviceType: "",
          source: { ton: 1, npi: 1, address: "1" },
          destination: { ton: 1, npi: 1, address: "2" },
          esmClass,
          protocolId: 0,
          priority: 0,
          scheduleAt: "",
          validity: "",
          registeredDelivery: 0,
          replaceIfPresent: 0,
          dataCoding: 0,
          defaultMessageId: 0,
          text: Buffer.from(body),
        },
        options,
      }),
    ) as Extract<Pdu, { command: "deliver_sm" }>;

  it.each([
    ["id:1A stat:DELIVRD err:000 text:x", { messageId: "1A", state: "delivered" }],
    ["id:7 sub:001 dlvrd:000 stat:UNDELIV err:021", { messageId: "7", state: "undeliverable", error: "021" }],
    ["id:7 stat:ENROUTE", { messageId: "7", state: "pending" }],
    ["id:7 stat:SOMETHING", { messageId: "7", state: "unknown" }],
    ["no id at all", undefined],
  ])("%s", (body, expected) => expect(deliveryReceipt(deliver(body))).toEqual(expected));

  it("counts by its optional parameters where it has them", () => {
    const options: [number, Buffer][] = [
      [0x1e, Buffer.from("ABC\0")],
      [0x427, Buffer.from([8])],
    ];
    expect(deliveryReceipt(deliver("id:other stat:DELIVRD", options))).toEqual({
      messageId: "ABC",
      state: "rejected",
    });
  });

  it("is told from a text by its class", () => {
    expect(isReceipt(deliver("id:1 stat:DELIVRD", [], 0))).toBe(false);
    expect(isReceipt(deliver("id:1 stat:DELIVRD", [], 0x44))).toBe(true);
  });
});

describe("what else a submit says", () => {
  it("how long it is worth delivering, in whole minutes, rounded up", () => {
    expect(relativeTime(1)).toBe("000000000100000R");
    expect(relativeTime(90_000)).toBe("000000000200000R");
    expect(relativeTime(26 * 3_600_000)).toBe("000001020000000R");
    expect(relativeTime(1e15)).toBe("000063000000000R");
  });

  it("who it is from", () => {
    expect(senderAddress("+420123456789")).toEqual({ ton: 1, npi: 1, address: "420123456789" });
    expect(senderAddress("12345")).toEqual({ ton: 3, npi: 0, address: "12345" });
    expect(senderAddress("My Bank")).toEqual({ ton: 5, npi: 0, address: "My Bank" });
    expect(() => senderAddress("a name that is far too long")).toThrow("cannot be a sender");
  });
});
