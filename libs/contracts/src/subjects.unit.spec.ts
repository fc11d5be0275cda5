import fc from "fast-check";
import {
  AUDIT_KINDS,
  CHANNELS,
  isEventType,
  isSafeToken,
  parseAudit,
  parseCmd,
  parseCtx,
  parseEvt,
  parseTimerType,
  PARTITIONS,
  partitionOf,
  SEGUE_SOURCE,
  sourceToken,
  subjects,
  UnsafeSubject,
} from "./index.js";

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
const safe = fc.string({ unit: fc.constantFrom(...LETTERS.split("")), minLength: 1, maxLength: 64 });
const eventType = fc.array(safe, { minLength: 1, maxLength: 8 }).map((tokens) => tokens.join("."));
const channel = fc.constantFrom(...CHANNELS);
const auditKind = fc.constantFrom(...AUDIT_KINDS);
const bad = fc.constantFrom(".", "*", ">", " ", "\t", "\r\n", "\0", "/", "ü", "\u{1F600}", "$");
/** What must not get into a subject: empty, too long, or with a character that NATS or a log would read otherwise. */
const unsafe = fc.oneof(
  fc.constant(""),
  safe.map((s) => s.padEnd(65, "x")),
  fc.tuple(safe, bad, safe).map((parts) => parts.join("")),
  bad,
);
const anySubject = fc.oneof(
  fc.string(),
  fc
    .array(fc.oneof(safe, unsafe, fc.constantFrom("evt", "ctx", "cmd", "audit", "3")))
    .map((t) => t.join(".")),
);

describe("subjects that are built are parsed to the same parts", () => {
  it("evt", () => {
    fc.assert(
      fc.property(safe, safe, eventType, (customerId, source, type) => {
        expect(parseEvt(subjects.evt(customerId, source, type))).toEqual({
          partition: partitionOf(customerId),
          customerId,
          source,
          type,
        });
      }),
    );
  });

  it("bank, as the stream's transform rewrites it", () => {
    fc.assert(
      fc.property(safe, safe, eventType, (customerId, source, type) => {
        const [, s, c, ...rest] = subjects.bank(source, customerId, type).split(".");
        expect(`evt.${partitionOf(c!)}.${c}.${s}.${rest.join(".")}`).toBe(
          subjects.evt(customerId, source, type),
        );
      }),
    );
  });

  it("ctx", () => {
    fc.assert(
      fc.property(safe, (customerId) => {
        expect(parseCtx(subjects.ctx(customerId))).toEqual({
          partition: partitionOf(customerId),
          customerId,
        });
      }),
    );
  });

  it("cmd", () => {
    fc.assert(
      fc.property(channel, safe, (c, customerId) => {
        expect(parseCmd(subjects.cmd(c, customerId))).toEqual({
          channel: c,
          partition: partitionOf(customerId),
          customerId,
        });
      }),
    );
  });

  it("audit", () => {
    fc.assert(
      fc.property(auditKind, safe, (kind, customerId) => {
        expect(parseAudit(subjects.audit(customerId, kind))).toEqual({
          partition: partitionOf(customerId),
          customerId,
          kind,
        });
      }),
    );
  });

  it("timers, which fall due in the customer's own order", () => {
    fc.assert(
      fc.property(safe, safe, safe, (customerId, instance, wait) => {
        expect(subjects.timer(customerId, instance, wait).replace(/^timer\./, "due.")).toBe(
          subjects.due(customerId, instance, wait),
        );
        // What the stream's source makes of `due.<p>.<customer>.<instance>.<wait>`.
        const [, p, c, ...rest] = subjects.due(customerId, instance, wait).split(".");
        const parsed = parseEvt(`evt.${p}.${c}.${SEGUE_SOURCE}.timer.${rest.join(".")}`);
        expect(parsed).toMatchObject({
          partition: partitionOf(customerId),
          customerId,
          source: SEGUE_SOURCE,
        });
        expect(parseTimerType(parsed!.type)).toEqual({ instance, wait });
      }),
    );
  });
});

describe("what is not safe is refused", () => {
  const builders: Readonly<Record<string, (part: string) => unknown>> = {
    "bank source": (x) => subjects.bank(x, "c", "t"),
    "bank customer": (x) => subjects.bank("s", x, "t"),
    "evt source": (x) => subjects.evt("c", x, "t"),
    "evt customer": (x) => subjects.evt(x, "s", "t"),
    "evt type family": (x) => subjects.evtOfTypeFamily(x),
    "evt of a customer": (x) => subjects.evtOfCustomer(x),
    "outcomes of a customer": (x) => subjects.outcomesOfCustomer(x),
    ctx: (x) => subjects.ctx(x),
    cmd: (x) => subjects.cmd("sms", x),
    audit: (x) => subjects.audit(x, "step"),
    "audit of a customer": (x) => subjects.auditOfCustomer(x),
    "timer customer": (x) => subjects.timer(x, "i", "w"),
    "timer instance": (x) => subjects.timer("c", x, "w"),
    "timer wait": (x) => subjects.timer("c", "i", x),
    "due customer": (x) => subjects.due(x, "i", "w"),
    "due instance": (x) => subjects.due("c", x, "w"),
    "due wait": (x) => subjects.due("c", "i", x),
    "desk agent": (x) => subjects.deskOffer(x),
  };

  it.each(Object.keys(builders))("as %s", (name) => {
    fc.assert(
      fc.property(unsafe, (part) => {
        expect(() => builders[name]!(part)).toThrow(UnsafeSubject);
      }),
    );
  });

  it("as an event type: an unsafe token, too many tokens, an empty one", () => {
    const unsafeType = fc.oneof(
      fc.constantFrom("", ".", "a.", ".a", "a..b", "a.*", "a.>"),
      fc.array(safe, { minLength: 9, maxLength: 12 }).map((t) => t.join(".")),
      fc
        .tuple(
          safe,
          bad.filter((b) => b !== "."),
          safe,
        )
        .map((parts) => parts.join("")),
    );
    fc.assert(
      fc.property(unsafeType, (type) => {
        expect(isEventType(type)).toBe(false);
        expect(() => subjects.bank("s", "c", type)).toThrow(UnsafeSubject);
        expect(() => subjects.evt("c", "s", type)).toThrow(UnsafeSubject);
      }),
    );
  });

  it.each([-1, PARTITIONS, 0.5, Number.NaN, Infinity])("as partition %p", (p) => {
    expect(() => subjects.evtOfPartition(p)).toThrow(UnsafeSubject);
    expect(() => subjects.dlq(p, "event")).toThrow(UnsafeSubject);
  });

  it("by parsers too, which answer nothing rather than throw", () => {
    fc.assert(
      fc.property(anySubject, (subject) => {
        const e = parseEvt(subject);
        if (e) expect([e.customerId, e.source].every(isSafeToken) && isEventType(e.type)).toBe(true);
        for (const parse of [parseCtx, parseCmd, parseAudit]) {
          const parsed = parse(subject);
          if (parsed) expect(isSafeToken(parsed.customerId)).toBe(true);
        }
      }),
    );
  });

  it.each([
    "evt.64.c.s.t",
    "evt.-1.c.s.t",
    "evt.01.c.s.t",
    "evt.1e1.c.s.t",
    "evt.3.c.s",
    "evt.3.c..t",
    "EVT.3.c.s.t",
    "bank.s.c.t",
    "",
  ])("%j is no event's subject", (subject) => {
    expect(parseEvt(subject)).toBeUndefined();
  });

  it.each([
    [parseCtx, "ctx.3.c.more"],
    [parseCmd, "cmd.fax.3.c"],
    [parseCmd, "cmd.sms.3.c.more"],
    [parseAudit, "audit.3.c.gossip"],
    [parseAudit, "audit.3.c"],
    [parseTimerType, "timer.i"],
    [parseTimerType, "timer.i.w.more"],
    [parseTimerType, "tea.i.w"],
  ] as const)("%p does not take %j", (parse, subject) => {
    expect(parse(subject)).toBeUndefined();
  });
});

describe("the token of a source", () => {
  it("is always safe, whatever the source", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (source) => isSafeToken(sourceToken(source))));
  });

  it.each([
    ["berka/core-banking", "berka_core-banking"],
    ["https://bank.example/core", "https_bank_example_core"],
    ["//", "_"],
    // Who pretends to be Segue is seen by the token, not by the text.
    ["/segue/", SEGUE_SOURCE],
  ])("of %j is %j", (source, token) => expect(sourceToken(source)).toBe(token));
});
