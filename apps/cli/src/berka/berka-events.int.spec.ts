/** On the real files of data/berka. */
import { copyFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import {
  cloudEventV1,
  customerRegisteredV1,
  consentChangedV1,
  sourceToken,
  subjects,
  type CloudEvent,
} from "#contracts";
import { BERKA_SOURCE, berkaEvents, berkaSummary, readBerkaEvents, SCRIPTED_SOURCE } from "./index.js";
import { continues } from "./ledger-order.js";

const dir = join(process.cwd(), "data", "berka");
const all = readBerkaEvents({ dir });
const ofSource = (source: string): CloudEvent[] => all.filter((e) => e.source === source);
const number = (event: CloudEvent, name: string): number => event.data?.[name] as number;

function grouped(
  events: readonly CloudEvent[],
  keyOf: (event: CloudEvent) => string,
): ReadonlyMap<string, CloudEvent[]> {
  const groups = new Map<string, CloudEvent[]>();
  for (const event of events) {
    const key = keyOf(event);
    const group = groups.get(key);
    if (group) group.push(event);
    else groups.set(key, [event]);
  }
  return groups;
}

function byCustomer(events: readonly CloudEvent[]): CloudEvent[][] {
  return [...grouped(events, (e) => e.subject).values()];
}

describe("events of the Berka data", () => {
  it("tells every row of both files once", () => {
    const rows = ofSource(BERKA_SOURCE).filter((e) => /^t-\d+$/.test(e.id));
    expect(rows).toHaveLength(38_080);
    const { byType, customers } = berkaSummary(rows);
    expect(customers).toBe(764);
    expect(byType).toEqual({
      "account.credited": 16_665,
      "account.debited": 16_136,
      "payment.sent": 3_581,
      "transfer.sent": 1_675,
      "card.withdrawn": 23,
    });
    const told = grouped(rows, (e) =>
      [e.type, e.data?.["kind"], e.data?.["purpose"], e.data?.["operation"]].filter(Boolean).join(" "),
    );
    expect(Object.fromEntries([...told].map(([key, group]) => [key, group.length]))).toEqual({
      "account.credited cash cash": 7_260,
      "account.credited interest internal": 6_879,
      "account.credited transfer transfer": 1_648,
      "account.credited pension transfer": 878,
      "account.debited cash cash": 11_945,
      "account.debited fee internal": 4_157,
      "account.debited penalty internal": 34,
      "card.withdrawn cash card": 23,
      "payment.sent payment household cash": 67,
      "payment.sent payment household transfer": 2_804,
      "payment.sent payment insurance transfer": 656,
      "payment.sent payment loan transfer": 54,
      "transfer.sent transfer transfer": 1_675,
    });
  });

  it("tells what follows from the rows, and what is scripted beside them", () => {
    const { byType, real, events, customers } = berkaSummary(all);
    expect({ real, events, customers }).toEqual({ real: 38_167, events: 39_007, customers: 764 });
    expect(byType).toMatchObject({
      "account.overdrawn": 53,
      "account.recovered": 34,
      "customer.registered": 764,
      "payment.failed": 49,
      "consent.changed": 27,
    });
  });

  it("is the same at every reading, byte for byte", async () => {
    const again: CloudEvent[] = [];
    for await (const event of berkaEvents({ dir })) again.push(event);
    expect(JSON.stringify(again)).toBe(JSON.stringify(all));
  });

  it("keeps an event's id, time and data whatever the slice", () => {
    const [from, to] = ["1993-12-15", "1994-02-15"];
    const inside = (e: CloudEvent): boolean =>
      e.time! >= from && e.time! < to && e.type !== "customer.registered";
    const slice = readBerkaEvents({ dir, from, to });
    expect(slice.filter((e) => e.type !== "customer.registered")).toEqual(all.filter(inside));
    const registered = slice.filter((e) => e.type === "customer.registered").map((e) => e.subject);
    expect(new Set(registered)).toEqual(new Set(slice.map((e) => e.subject)));
    expect(registered).toHaveLength(new Set(registered).size);
  });

  it("is in the order of time, with unique ids", () => {
    expect(all.filter((event, i) => i > 0 && event.time! < all[i - 1]!.time!)).toEqual([]);
    expect(new Set(all.map((e) => `${e.source}:${e.id}`)).size).toBe(all.length);
  });

  it("fits the contracts: envelope, subject and the data that Segue acts on", () => {
    const dataSchemas: Readonly<Record<string, { safeParse(data: unknown): { success: boolean } }>> = {
      "customer.registered": customerRegisteredV1,
      "consent.changed": consentChangedV1,
    };
    const misfits = all.filter((event) => {
      // Throws when a part is not safe in a subject.
      subjects.bank(sourceToken(event.source), event.subject, event.type);
      return (
        !cloudEventV1.safeParse(event).success ||
        dataSchemas[event.type]?.safeParse(event.data).success === false
      );
    });
    expect(misfits).toEqual([]);
  });

  it("continues each account's balance from row to row, but for the incomplete last day of the first file", () => {
    const breaks: string[] = [];
    for (const events of byCustomer(ofSource(BERKA_SOURCE).filter((e) => /^t-\d+$/.test(e.id)))) {
      for (const [i, event] of events.entries()) {
        const previous = events[i - 1];
        if (previous && !continues(number(previous, "balanceMinor"), number(event, "balanceBeforeMinor")))
          breaks.push(event.time!.slice(0, 10));
      }
    }
    expect(breaks).toEqual(Array.from({ length: 16 }, () => "1994-03-31"));
  });

  it("tells an overdraft after its row, and a recovery only after an overdraft", () => {
    for (const events of byCustomer(ofSource(BERKA_SOURCE))) {
      let overdrawn = false;
      let balance = 0;
      for (const [i, event] of events.entries()) {
        const row = events[i - 1];
        if (event.type === "account.overdrawn") {
          expect(event.id).toBe(`${row?.id}-overdrawn`);
          expect(balance < 0 || row?.data?.["kind"] === "penalty").toBe(true);
          overdrawn = true;
        } else if (event.type === "account.recovered") {
          expect(event.id).toBe(`${row?.id}-recovered`);
          expect(overdrawn).toBe(true);
          expect(balance).toBeGreaterThanOrEqual(0);
          overdrawn = false;
        } else {
          // Before the next row, an account below zero has been told to be overdrawn.
          if (balance < 0 && !overdrawn)
            throw new Error(`${event.id}: the account is below zero and nobody was told`);
          balance = number(event, "balanceMinor");
        }
      }
    }
  });

  it("registers each customer first, and does not know everything of everyone", () => {
    const firsts = byCustomer(all).map((events) => events[0]!);
    expect(firsts.every((e) => e.type === "customer.registered" && e.source === SCRIPTED_SOURCE)).toBe(true);
    const without = (name: string): number =>
      firsts.filter((e) => e.data?.[name] === undefined).length / firsts.length;
    expect(without("consents")).toBeGreaterThan(0.02);
    expect(without("consents")).toBeLessThan(0.08);
    expect(without("timezone")).toBeGreaterThan(0.01);
    expect(without("timezone")).toBeLessThan(0.06);
  });

  it("registers who opted out before the slice without consent to marketing", () => {
    const optOut = all.find((e) => e.type === "consent.changed" && e.time! < "1994-01-01")!;
    const registration = readBerkaEvents({ dir, from: "1994-01-01" }).find(
      (e) => e.subject === optOut.subject,
    )!;
    const consents = customerRegisteredV1.parse(registration.data).consents ?? [];
    expect(consents.filter((c) => c.purpose === "marketing")).toEqual([
      { purpose: "marketing", channel: "*", granted: false, evidence: "synthetic" },
    ]);
  });

  it("lets a failed payment come the day before the payment that went through", () => {
    const failures = ofSource(SCRIPTED_SOURCE).filter((e) => e.type === "payment.failed");
    expect(new Set(failures.map((e) => e.data?.["reasonCode"]))).toEqual(new Set(["AM04", "AC04", "AB05"]));
    for (const failed of failures) {
      const payment = all.find((e) => e.id === failed.id.replace("f-", "t-"))!;
      expect(payment).toMatchObject({
        type: "payment.sent",
        subject: failed.subject,
        data: { amountMinor: failed.data?.["amountMinor"] },
      });
      expect(Date.parse(payment.time!) - Date.parse(failed.time!)).toBe(86_400_000);
    }
  });

  it("holds nothing but what the contract of the reader names: no partner's account, no birth number", () => {
    const names = new Set(ofSource(BERKA_SOURCE).flatMap((e) => Object.keys(e.data ?? {})));
    expect([...names].sort()).toEqual(
      [
        "accountId amountMinor balanceBeforeMinor balanceMinor counterpartyBank currency kind operation",
        "overdrawnSince penaltyMinor purpose reason transactionId",
      ]
        .join(" ")
        .split(" "),
    );
  });
});

describe("what the reader refuses", () => {
  it.each(["1993-13-01", "1994-02-30", "yesterday", "930101"])("the day %j", (from) => {
    expect(() => readBerkaEvents({ dir, from })).toThrow("write a day as YYYY-MM-DD");
  });

  it("a damaged file, by name", () => {
    const copy = mkdtempSync(join(tmpdir(), "segue-berka-"));
    try {
      for (const name of readdirSync(dir)) copyFileSync(join(dir, name), join(copy, name));
      writeFileSync(join(copy, "transactions-1993-1994.csv.gz"), gzipSync("trans_id;account_id\n1;2\n"));
      expect(() => readBerkaEvents({ dir: copy })).toThrow(/transactions-1993-1994\.csv\.gz.*SHA-256/);
    } finally {
      rmSync(copy, { recursive: true });
    }
  });

  it("nothing in an empty slice", () => {
    expect(readBerkaEvents({ dir, from: "1999-01-01" })).toEqual([]);
    expect(berkaSummary([])).toMatchObject({ events: 0, firstTime: 0, lastTime: 0 });
  });
});
