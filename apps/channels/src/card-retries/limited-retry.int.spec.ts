/** The schemes' limits for retries of card payments, where they are enforced: before the acquirer, over real NATS. */
import { jetstreamManager } from "@nats-io/jetstream";
import type { Command } from "#contracts";
import { Publisher } from "#messaging";
import type { Service } from "#service";
import { ChannelBench } from "../testing/channel-bench.js";
import { CardTries, type DeclinedPayment } from "./card-tries.store.js";

const DAY_MS = 86_400_000;
const T0 = Date.parse("2026-03-02T09:00:00Z");
const ACQUIRERS = ["acquirer-a", "acquirer-b", "acquirer-c"];

describe("retries of card payments", () => {
  let bench: ChannelBench;
  let service: Service;
  let n = 0;

  beforeAll(async () => {
    bench = await ChannelBench.open();
    service = await bench.start();
  }, 30_000);
  afterAll(async () => {
    await service.stop();
    await bench.close();
  });

  const payment = (more: Partial<DeclinedPayment> = {}): DeclinedPayment => ({
    paymentId: `p${++n}`,
    cardId: `card-${n}`,
    amountMinor: 4_200,
    currency: "EUR",
    scheme: "visa",
    responseCode: "91",
    acquirer: "acquirer-a",
    at: T0,
    ...more,
  });
  const store = (): CardTries => new CardTries(bench.servers.nc, new Publisher(bench.servers.nc));

  it("lets no 21st try through, however many ask at once from several instances", async () => {
    const p = payment();
    const stores = [store(), store(), store()];
    const asked = Array.from({ length: 60 }, (_, i) =>
      stores[i % stores.length]!.claim(p, `c${i}`, T0 + i, ACQUIRERS),
    );
    const claims = await Promise.all(asked);
    // The payment's own first try is one of the twenty.
    expect(claims.filter((c) => c.kind === "granted")).toHaveLength(19);
    expect(claims.filter((c) => c.kind === "refused" && c.reason === "retry_limit")).toHaveLength(41);
    expect(await store().claim(p, "late", T0 + 30 * DAY_MS + 100, ACQUIRERS)).toMatchObject({
      kind: "granted",
    });
  });

  it("counts per card and amount: another amount, another card have tries of their own", async () => {
    const p = payment({ scheme: "mastercard" });
    for (let i = 0; i < 9; i++) await store().claim(p, `c${i}`, T0 + i, ACQUIRERS);
    expect(await store().claim(p, "c9", T0 + 9, ACQUIRERS)).toMatchObject({ reason: "retry_limit" });
    const another = { ...p, paymentId: `${p.paymentId}-b` };
    expect(await store().claim(another, "d0", T0 + 9, ACQUIRERS)).toMatchObject({ reason: "retry_limit" });
    expect(await store().claim({ ...another, amountMinor: 1 }, "d1", T0 + 9, ACQUIRERS)).toMatchObject({
      kind: "granted",
    });
    expect(await store().claim({ ...another, cardId: "x" }, "d2", T0 + 9, ACQUIRERS)).toMatchObject({
      kind: "granted",
    });
  });

  it("makes a try once, also when its command comes again after a crash", async () => {
    const p = payment();
    expect(await store().claim(p, "same", T0, ACQUIRERS)).toEqual({
      kind: "granted",
      acquirer: "acquirer-b",
    });
    expect(await store().claim(p, "same", T0 + 1, ACQUIRERS)).toEqual({
      kind: "refused",
      reason: "already_tried",
    });
  });

  it("never tries after an answer that says never, whoever heard it", async () => {
    const stolen = payment({ responseCode: "43" });
    expect(await store().claim(stolen, "a", T0, ACQUIRERS)).toMatchObject({ reason: "do_not_retry" });
    const p = payment({ scheme: "mastercard" });
    await store().claim(p, "b", T0, ACQUIRERS);
    await store().declined(p, { responseCode: "05", adviceCode: "03" }, T0 + 1);
    expect(await store().claim(p, "c", T0 + 20 * DAY_MS, ACQUIRERS)).toMatchObject({
      reason: "do_not_retry",
    });
  });

  it("keeps an entry for 30 days after its last try, under a name that tells nothing of the card", async () => {
    const p = payment({ cardId: "card-to-be-found" });
    await store().claim(p, "a", T0, ACQUIRERS);
    const jsm = await jetstreamManager(bench.servers.nc);
    const info = await jsm.streams.info("KV_tries", { subjects_filter: "$KV.tries.>" });
    const subjects = Object.keys(info.state.subjects ?? {});
    expect(subjects.every((s) => /^\$KV\.tries\.[0-9a-f]{32}$/.test(s))).toBe(true);
    const last = await jsm.streams.getMessage("KV_tries", { last_by_subj: "$KV.tries.>" });
    expect(last?.header.get("Nats-TTL")).toBe(`${30 * 86_400}s`);
  });

  const retry = (p: DeclinedPayment, more: Partial<Command> = {}): Command => {
    const { at, ...data } = p;
    return bench.command(["execute"], {
      action: "card-payment-retry",
      purpose: "service",
      parameters: { operation: "card.payment.retry", acquirers: ACQUIRERS },
      event: { type: "card.payment.declined", time: at, data },
      ...more,
    });
  };
  const outcomeOf = async (command: Command) => {
    await bench.order(command);
    return (await bench.ended(command)).outcome;
  };

  it("goes to another acquirer than the one that declined, then to the next", async () => {
    const p = payment({ cardId: "test-only-acquirer-c" });
    expect(await outcomeOf(retry(p))).toMatchObject({
      kind: "failed",
      reason: "declined",
      result: { acquirer: "acquirer-b", responseCode: "05" },
    });
    expect(await outcomeOf(retry(p))).toMatchObject({
      kind: "delivered",
      result: { executor: "acquirer-c" },
    });
  });

  it("asks no acquirer when the scheme forbids it, and says why", async () => {
    const forbidden = retry(payment({ responseCode: "41", cardId: "test-approve" }));
    expect(await outcomeOf(forbidden)).toMatchObject({ kind: "failed", reason: "do_not_retry" });
    const unknown = retry({ ...payment(), scheme: "other" as "visa" });
    expect(await outcomeOf(unknown)).toMatchObject({ kind: "failed", reason: "card_data_missing" });
    expect([...bench.ledger(forbidden), ...bench.ledger(unknown)]).toEqual([]);
  });

  it("remembers what the acquirer answered: after a stolen card none is asked again", async () => {
    const p = payment({ cardId: "test-stop" });
    expect(await outcomeOf(retry(p))).toMatchObject({ reason: "declined", result: { responseCode: "43" } });
    expect(await outcomeOf(retry(p))).toMatchObject({ reason: "do_not_retry" });
  });
});
