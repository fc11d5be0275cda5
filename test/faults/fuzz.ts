/** What no publisher should send: seeded, with fast-check. Each is a subject, headers and bytes. */
import fc from "fast-check";

export interface Fuzzed {
  readonly what: string;
  readonly customerId: string;
  readonly subject: string;
  readonly body: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
}

const TYPES = [
  "account.credited",
  "payment.failed",
  "payment.rejected",
  "purchase.made",
  "customer.registered",
  "consent.changed",
  "hold.placed",
  "hold.lifted",
  "never.heard.of",
  "constructor",
  "__proto__",
];

/** JSON texts that are read, but are hard to keep, to count with or to write again. */
const HOSTILE = [
  "1e999",
  "-1e999",
  "1e308",
  "5e-324",
  "-0",
  "9007199254740993",
  "0.1e-400",
  "null",
  "true",
  "[]",
  "{}",
  '""',
  '"__proto__"',
  '"constructor"',
  '"\\ud800"',
  '"\\u0000"',
  '"\\u2028"',
  '"2026-02-30T25:61:00Z"',
  '"Mars/Olympus"',
  '{"__proto__":{"polluted":1}}',
  '{"constructor":{"prototype":{"polluted":1}}}',
  '{"toString":1,"valueOf":1}',
  JSON.stringify("x".repeat(5_000)),
  "[".repeat(2_000) + "]".repeat(2_000),
  '{"a":'.repeat(1_000) + "1" + "}".repeat(1_000),
  '{"a":'.repeat(12_000) + "1" + "}".repeat(12_000),
];
/** No JSON at all. */
const BROKEN = [
  "NaN",
  "Infinity",
  "undefined",
  "0x10",
  "01",
  "'a'",
  "{a:1}",
  "[1,]",
  '"\n"',
  '"\\x41"',
  "//",
  "\ufeff1",
];
const DATA_FIELDS = [
  "amountMinor",
  "balanceMinor",
  "balanceBeforeMinor",
  "currency",
  "paymentId",
  "reasonCode",
  "attributes",
  "kind",
  "purpose",
  "channel",
  "granted",
  "timezone",
  "language",
  "consents",
  "__proto__",
  "constructor",
  "x",
];
const ENVELOPE = [
  "specversion",
  "id",
  "source",
  "type",
  "subject",
  "time",
  "data",
  "datacontenttype",
  "traceparent",
];

const text = new TextEncoder();
const hostile = fc.oneof(fc.constantFrom(...HOSTILE), fc.json());

/** Fields as JSON texts, so that what JavaScript would not write can be written. */
function object(fields: ReadonlyArray<readonly [string, string]>): string {
  return `{${fields.map(([k, v]) => `${JSON.stringify(k)}:${v}`).join(",")}}`;
}

function envelope(customerId: string, id: string, type: string, data: string): [string, string][] {
  const q = JSON.stringify;
  return [
    ["specversion", '"1.0"'],
    ["id", q(id)],
    ["source", '"core"'],
    ["type", q(type)],
    ["subject", q(customerId)],
    ["data", data],
  ];
}

/** An endless, seeded list of them; `id` is different for each. */
export function fuzzed(seed: number, count: number, customers: readonly string[]): Fuzzed[] {
  const drawn = fc.sample(
    fc.record({
      customerId: fc.constantFrom(...customers),
      type: fc.constantFrom(...TYPES),
      kind: fc.constantFrom(...KINDS),
      value: hostile,
      broken: fc.constantFrom(...BROKEN),
      data: fc.array(fc.tuple(fc.constantFrom(...DATA_FIELDS), hostile), { maxLength: 5 }),
      field: fc.constantFrom(...ENVELOPE),
      bytes: fc.uint8Array({ maxLength: 400 }),
      at: fc.nat(10_000),
      token: fc.string({ unit: "grapheme", minLength: 1, maxLength: 30 }),
      size: fc.constantFrom(65_535, 65_536, 65_537, 200_000, 1_040_000),
    }),
    { numRuns: count, seed },
  );
  return drawn.map((d, i) => make(d, `f${seed}-${i}`));
}

type Drawn = {
  readonly [K in "customerId" | "type" | "kind" | "value" | "broken" | "field" | "token"]: string;
} & {
  readonly data: ReadonlyArray<readonly [string, string]>;
  readonly bytes: Uint8Array;
  readonly at: number;
  readonly size: number;
};

const KINDS = [
  "hostile data",
  "hostile data",
  "hostile field",
  "field missing",
  "not JSON",
  "any JSON",
  "bytes",
  "not UTF-8",
  "large",
  "binary mode",
  "odd headers",
  "odd subject",
  "cut off",
  "field twice",
];

function make(d: Drawn, id: string): Fuzzed {
  const { customerId, type, kind } = d;
  const fields = envelope(customerId, id, type, object(d.data));
  const subject = `bank.core.${customerId}.${type}`;
  const sent = (body: string | Uint8Array, more: Partial<Fuzzed> = {}): Fuzzed => ({
    what: kind,
    customerId,
    subject,
    headers: {},
    body: typeof body === "string" ? text.encode(body) : body,
    ...more,
  });
  switch (kind) {
    case "hostile field":
      return sent(object(fields.map(([k, v]) => [k, k === d.field ? d.value : v])));
    case "field missing":
      return sent(object(fields.filter(([k]) => k !== d.field)));
    case "field twice":
      return sent(object([...fields, [d.field, d.value]]));
    case "not JSON":
      return sent(object(fields.map(([k, v]) => [k, k === "data" ? `{"x":${d.broken}}` : v])));
    case "any JSON":
      return sent(d.value);
    case "bytes":
      return sent(d.bytes);
    case "cut off": {
      const whole = object(fields);
      return sent(whole.slice(0, d.at % whole.length));
    }
    case "not UTF-8": {
      const bytes = text.encode(object(fields));
      // Within the id, so that what is replaced would make another event's id of it.
      bytes[bytes.indexOf(0x66, 20)] = [0xff, 0xc3, 0xed, 0x80][d.at % 4]!;
      return sent(bytes);
    }
    case "large":
      return sent(object([...fields, ["padding", JSON.stringify("x".repeat(Math.max(0, d.size - 300)))]]));
    case "binary mode":
      return sent(object(d.data), {
        headers: {
          "ce-specversion": "1.0",
          "ce-id": id,
          "Ce-Source": "core",
          "CE-TYPE": type,
          [`ce-${d.field}`]: encodeURIComponent(d.value.slice(0, 200)).slice(0, d.at % 300),
        },
      });
    case "odd headers":
      return sent(object(fields), {
        headers: {
          traceparent: d.value.replace(/[^ -~]/g, "").slice(0, 4_000),
          "x-long": "y".repeat((d.at % 30) * 1_000),
          [HEADERS[d.at % HEADERS.length]!]: ["all", "1", "0", "TIMER 9999 a b c", "-1h"][d.at % 5]!,
        },
      });
    case "odd subject": {
      const token = d.token.replace(/[\s.*>]/g, "_");
      return sent(object(fields), { subject: SUBJECTS(customerId, token)[d.at % 7]! });
    }
    default:
      return sent(object(fields));
  }
}

/** Orders to the server, which a stream of events must not obey. */
const HEADERS = [
  "Nats-Rollup",
  "Nats-TTL",
  "Nats-Expected-Last-Sequence",
  "Nats-Expected-Stream",
  "Nats-Schedule",
  "Nats-Expected-Last-Subject-Sequence",
  "Segue-Dlq-Reason",
  "Segue-Deadline",
  "nats-msg-id",
];

const SUBJECTS = (customerId: string, token: string): string[] => [
  `bank.core.${token}.account.credited`,
  `bank.${token}.${customerId}.account.credited`,
  `bank.core.${customerId}.${token}`,
  `bank.core.${customerId}.${"a.".repeat(20)}z`,
  `bank.core.${"c".repeat(200)}.account.credited`,
  `bank.segue.${customerId}.account.credited`,
  `bank.segue.${customerId}.timer.no-such-1.w-1`,
];
