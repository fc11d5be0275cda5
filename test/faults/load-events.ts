/** The events of one customer: endless, seeded, a mix of what a bank publishes. */
import type { Random } from "./seeded.js";

export interface PlannedEvent {
  /** CloudEvents id, also of the message. */
  readonly id: string;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly body: string;
  /** Number of the publish within the customer. */
  readonly n: number;
  readonly malformed: boolean;
  /** Published before: under the same message id, or so that it stands in the stream once more. */
  readonly repeated?: "message-id" | "stream";
  readonly headers?: Readonly<Record<string, string>>;
}

/** Weights of the mix. */
const MIX: ReadonlyArray<readonly [weight: number, kind: string]> = [
  [45, "account.credited"],
  [22, "payment.failed"],
  [5, "payment.rejected"],
  [16, "purchase.made"],
  [5, "consent.changed"],
  [4, "hold"],
];

/** An event is repeated within this many later ones, well within the ids that a context remembers. */
const REPEAT_AMONG = 12;

export function* customerEvents(
  customerId: string,
  random: Random,
  shares: { readonly duplicates: number; readonly malformed: number },
): Generator<PlannedEvent> {
  const recent: PlannedEvent[] = [];
  let held: string | undefined;
  let refused = false;
  let n = 0;
  const event = (type: string, data: Record<string, unknown>): PlannedEvent => {
    const id = `${customerId}-${n}`;
    // The context keeps the last `n`: what was applied last can be read off it.
    const full = { ...data, attributes: { n } };
    const time = new Date().toISOString();
    const body = JSON.stringify({
      specversion: "1.0",
      id,
      source: "core",
      type,
      subject: customerId,
      time,
      data: full,
    });
    return { id, type, data: full, body, n, malformed: false };
  };
  yield event("customer.registered", {
    timezone: "Europe/Prague",
    consents: [{ purpose: "marketing", channel: "*", granted: true }],
  });
  for (n = 1; ; n++) {
    const what = random();
    if (what < shares.malformed) {
      yield unreadable(customerId, n, random);
      continue;
    }
    if (what < shares.malformed + shares.duplicates && recent.length > 0) {
      yield { ...random.one(recent), n, repeated: random() < 0.5 ? "message-id" : "stream" };
      continue;
    }
    const next = ((): PlannedEvent => {
      switch (kindOf(random)) {
        case "payment.failed":
          return event("payment.failed", {
            paymentId: `p${n}`,
            amountMinor: random.int(100, 90_000),
            currency: "CZK",
          });
        case "payment.rejected":
          return event("payment.rejected", { paymentId: `p${n}`, amountMinor: random.int(100, 90_000) });
        case "purchase.made":
          return event("purchase.made", { amountMinor: random.int(100, 10_000), currency: "CZK" });
        case "consent.changed":
          refused = !refused;
          return event("consent.changed", { purpose: "marketing", channel: "*", granted: !refused });
        case "hold": {
          const kind = held ?? random.one(["opt-out", "fraud"]);
          const lifts = held !== undefined;
          held = lifts ? undefined : kind;
          return event(lifts ? "hold.lifted" : "hold.placed", { kind });
        }
        default:
          return event("account.credited", { balanceMinor: random.int(0, 1_000_000) });
      }
    })();
    recent.push(next);
    if (recent.length > REPEAT_AMONG) recent.shift();
    yield next;
  }
}

function kindOf(random: Random): string {
  let left = random() * MIX.reduce((sum, [weight]) => sum + weight, 0);
  for (const [weight, kind] of MIX) if ((left -= weight) < 0) return kind;
  return MIX[0]![1];
}

/** What a broken publisher sends. Each ends in DLQ with a reason. */
function unreadable(customerId: string, n: number, random: Random): PlannedEvent {
  const id = `${customerId}-${n}-unreadable`;
  const type = "account.credited";
  const body = random.one([
    "{not json",
    JSON.stringify({ hello: 1 }),
    JSON.stringify({ specversion: "1.0", id, source: "core", type, subject: "someone-else" }),
    JSON.stringify({ specversion: "1.0", id, source: "core", type: "other.type", subject: customerId }),
  ]);
  return { id, type, data: {}, body, n, malformed: true };
}
