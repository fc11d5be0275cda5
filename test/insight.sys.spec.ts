/** Key figures, experiments and fairness of a whole system, against what its streams say counted another way. */
import { jest } from "@jest/globals";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { outcomeV1, type CloudEvent, type Command, type Outcome } from "#contracts";
import { isControl } from "#domain";
import { figuresOf, readExperiments, readKpis, type KpiReport } from "#insight";
import { FOLDERS, loadExperiments, loadFairness } from "#definitions";
import { eventually } from "#testing";
import { experimentsCommand } from "../apps/cli/src/experiments/experiments.command.js";
import { kpiCommand } from "../apps/cli/src/kpi/kpi.command.js";
import { serveKpis } from "../apps/cli/src/kpi/serve-kpis.js";
import { scratch, System } from "./system.js";

const DAY_MS = 86_400_000;

/** A zone in which it is the middle of the day. */
function daylightZone(): string {
  const offset = 13 - new Date().getUTCHours();
  return offset === 0 ? "Etc/GMT" : `Etc/GMT${offset > 0 ? "-" : "+"}${Math.abs(offset)}`;
}

/** The definitions that ship, with half of the customers held out of one journey, and a monitor of its own. */
function definitions(): string {
  const dir = scratch("insight");
  const own: string[] = [FOLDERS.Experiment, FOLDERS.Fairness];
  for (const folder of Object.values(FOLDERS).filter((f) => !own.includes(f)))
    cpSync(join(process.cwd(), folder), join(dir, folder), { recursive: true });
  mkdirSync(join(dir, "experiments"));
  writeFileSync(
    join(dir, "experiments", "savings.yaml"),
    `kind: Experiment
id: savings
version: 1
description: what the savings offer is worth
journeys: [balance-leaving]
control: { percent: 50 }
success: { event: savings.opened, when: "event.data.depositMinor > 0.0", value: event.data.depositMinor, within: 7d }
`,
  );
  mkdirSync(join(dir, "fairness"));
  writeFileSync(
    join(dir, "fairness", "sex.yaml"),
    `kind: Fairness
id: sex
version: 1
description: d
attribute: sex
journeys: [balance-leaving]
bound: { minimum: 5 }
`,
  );
  return dir;
}

/** Every customer opens and clicks what is delivered; by email everybody converts, by push nobody. */
const CUSTOMERS_DO = Object.fromEntries(
  ["push", "sms", "email"].map((channel) => [
    channel,
    {
      latency: ["1ms", "5ms"],
      reject: 0,
      receipt: "none",
      lost: 0,
      late: 0,
      undelivered: 0,
      opened: 1,
      clicked: 1,
      converted: channel === "email" ? 1 : 0,
      declined: 0,
      thinks: ["1ms", "5ms"],
    },
  ]),
);

const CUSTOMERS = Array.from({ length: 48 }, (_, i) => `cust-${i}`);
/** Without consent to marketing: those are denied. */
const refuses = (i: number): boolean => i % 6 === 0;
const sex = (i: number): string => (i % 2 === 0 ? "f" : "m");
const tier = (i: number): string => (i % 3 === 0 ? "gold" : "base");

describe("insight", () => {
  let system: System;
  let dir: string;
  let commands: readonly Command[];
  let outcomes: readonly Outcome[];

  beforeAll(async () => {
    dir = definitions();
    system = await System.start({ env: { "*": { SEGUE_DEFINITIONS_DIR: dir } }, sandbox: CUSTOMERS_DO });
    const last = new Map<string, number>();
    const say = async (customer: string, type: string, data: Record<string, unknown>): Promise<void> => {
      last.set(customer, await system.publish(system.event(customer, type, data)));
    };
    for (const [i, customer] of CUSTOMERS.entries()) {
      const consents = ["push", "sms", "email"].map((channel) => ({
        purpose: "marketing",
        channel,
        granted: !refuses(i),
      }));
      const attributes = { sex: sex(i), segment: tier(i), balanceMinor: 2_000_000 };
      await say(customer, "customer.registered", { timezone: daylightZone(), consents, attributes });
      await say(customer, "transfer.sent", {
        amountMinor: 6_000_000,
        balanceBeforeMinor: 8_000_000,
        currency: "EUR",
      });
    }
    // An overdraft of every fourth customer, put right for every eighth.
    for (const [i, customer] of CUSTOMERS.entries())
      if (i % 4 === 1) await say(customer, "account.overdrawn", { balanceMinor: -5_000, currency: "EUR" });
    await settle(last);
    for (const [i, customer] of CUSTOMERS.entries()) {
      if (i % 8 === 1) await say(customer, "account.recovered", { balanceMinor: 100, currency: "EUR" });
      if (opens(i)) await say(customer, "savings.opened", { depositMinor: 1_000 + i });
      // Opened with nothing in it: no success.
      if (i % 10 === 7) await say(customer, "savings.opened", { depositMinor: 0 });
    }
    await settle(last);
    commands = [...(await system.commands()).values()];
    outcomes = await allOutcomes();
  }, 180_000);
  afterAll(() => system.stop());

  const opens = (i: number): boolean => i % 5 === 2;

  async function allOutcomes(): Promise<Outcome[]> {
    const messages = await system.messages("EVT", "evt.*.*.segue.outcome.>");
    return messages.map((m) => outcomeV1.parse((m.body as CloudEvent).data));
  }

  /** Until every event is handled and every customer has done what the sandbox's customers do. */
  async function settle(last: ReadonlyMap<string, number>): Promise<void> {
    for (const [customer, seq] of last) await system.settled(customer, seq, 60_000);
    await eventually(
      "all responses to be applied",
      async () => {
        const told = await allOutcomes();
        const delivered = told.filter(
          (o) => o.kind === "delivered" && ["push", "sms", "email"].includes(o.channel),
        );
        const clicked = told.filter((o) => o.kind === "clicked").length;
        const converted = told.filter((o) => o.kind === "converted").length;
        if (clicked < delivered.length) return undefined;
        if (converted < delivered.filter((o) => o.channel === "email").length) return undefined;
        return (await recorded()) === new Set(told.map((o) => `${o.commandId}:${o.kind}`)).size;
      },
      60_000,
    );
  }

  /** Outcomes that stand in AUDIT. */
  async function recorded(): Promise<number> {
    const messages = await system.messages("AUDIT", "audit.*.*.*");
    const entries = messages.flatMap(({ body }) =>
      (body as { records: { entries?: { kind: string }[] }[] }).records.flatMap((r) => r.entries ?? []),
    );
    return entries.filter((e) => e.kind === "outcome").length;
  }

  const contacts = (of: (c: Command) => boolean = () => true): Command[] =>
    commands.filter((c) => ["push", "sms", "email"].includes(c.plan[0]!.channel) && of(c));
  const told = (kind: Outcome["kind"], of: readonly Command[]): number => {
    const ids = new Set(of.map((c) => c.commandId));
    return outcomes.filter((o) => o.kind === kind && ids.has(o.commandId)).length;
  };
  const number = (customer: string): number => Number(customer.slice("cust-".length));

  it("counts contacts, outcomes and conversions as the streams have them", async () => {
    const { fold } = await readKpis(system.servers.nc, { segment: "segment" });
    const all = figuresOf(fold.cells("all").get("all")!);
    expect(all.contacts).toBe(contacts().length);
    expect(all.contacts).toBeGreaterThan(20);
    expect(all.customersContacted).toBe(new Set(contacts().map((c) => c.customerId)).size);
    expect(all.deliveryRate).toMatchObject({ hits: told("delivered", contacts()) });
    expect(all.conversionRate).toMatchObject({ hits: told("converted", contacts()) });
    for (const journey of ["balance-leaving", "overdraft-rescue"]) {
      const own = contacts((c) => c.journey.id === journey);
      const figures = figuresOf(fold.cells("journey").get(journey)!);
      expect([figures.contacts, figures.deliveryRate?.hits]).toEqual([own.length, told("delivered", own)]);
    }
    for (const segment of ["gold", "base"]) {
      const own = contacts((c) => tier(number(c.customerId)) === segment);
      expect(figuresOf(fold.cells("segment").get(segment)!).contacts).toBe(own.length);
    }
    const responded = all.fatigue.reduce((sum, r) => sum + (r?.hits ?? 0), 0);
    expect(responded).toBe(told("clicked", contacts()));
  });

  it("counts failures put right, and the time to react", async () => {
    const { fold } = await readKpis(system.servers.nc, { segment: "segment" });
    const rescue = figuresOf(fold.cells("journey").get("overdraft-rescue")!);
    expect(rescue.recoveryRate).toMatchObject({
      hits: CUSTOMERS.filter((_, i) => i % 8 === 1).length,
      of: CUSTOMERS.filter((_, i) => i % 4 === 1).length,
    });
    expect(rescue.reaction!.p95).toBeLessThan(60_000);
    expect(rescue.delivery!.count).toBe(
      told(
        "delivered",
        contacts((c) => c.journey.id === "overdraft-rescue"),
      ),
    );
  });

  it("held out half of the customers, of marketing alone, and compares them as the lot drew them", async () => {
    const [experiment] = loadExperiments(dir);
    const held = (customer: string): boolean => isControl(customer, experiment!);
    expect(contacts((c) => c.journey.id === "balance-leaving" && held(c.customerId))).toEqual([]);
    expect(contacts((c) => c.journey.id === "overdraft-rescue" && held(c.customerId)).length).toBeGreaterThan(
      0,
    );
    const [report, ...others] = await readExperiments(system.servers.nc, Date.now() + 30 * DAY_MS);
    expect(others).toEqual([]);
    for (const [arm, control] of [
      ["treated", false],
      ["control", true],
    ] as const) {
      const members = CUSTOMERS.filter((c) => held(c) === control);
      const succeeded = members.filter((c) => opens(number(c)));
      expect(report![arm]).toMatchObject({
        customers: members.length,
        successes: succeeded.length,
        value: succeeded.reduce((sum, c) => sum + 1_000 + number(c), 0),
      });
    }
    expect(report!.groupsOff).toBe(false);
    expect((await readExperiments(system.servers.nc))[0]).toMatchObject({
      treated: { customers: 0 },
      waiting: CUSTOMERS.length,
    });
  });

  it("compares groups that no decision knew", async () => {
    const [experiment] = loadExperiments(dir);
    const asked = CUSTOMERS.filter((c) => !isControl(c, experiment!));
    const { fairness } = await readKpis(system.servers.nc, { segment: "segment" }, loadFairness(dir));
    const offer = fairness[0]!.rates.find((r) => r.rate === "offer")!;
    for (const group of ["f", "m"]) {
      const own = asked.filter((c) => sex(number(c)) === group);
      const offered = own.filter((c) => !refuses(number(c)));
      expect(offer.groups.find((g) => g.group === group)!.rate).toMatchObject({
        hits: offered.length,
        of: own.length,
      });
    }
    const decisions = await system.messages("AUDIT", "audit.*.*.decision");
    expect(decisions.length).toBeGreaterThan(0);
    expect(JSON.stringify([decisions, commands])).not.toContain('"sex"');
  });

  it("is told by segue kpi and segue experiments report, with pages of plots", async () => {
    const page = (name: string): string => join(dir, name);
    const nats = ["--nats", system.servers.nats.url, "--json"];
    const fairness = ["--fairness", "--definitions", dir];
    const shown: string[] = [];
    const out = jest
      .spyOn(process.stdout, "write")
      .mockImplementation((text) => shown.push(String(text)) > 0);
    // Every sixth customer refuses, and these are women: whether that is an alert is up to the lot.
    const status = await kpiCommand.run([...nats, ...fairness, "--html", page("kpi.html")]);
    expect(await experimentsCommand.run(["report", ...nats, "--html", page("experiments.html")])).toBe(0);
    out.mockRestore();
    const [kpis, experiments] = shown.map((text) => JSON.parse(text) as never);
    expect(kpis).toMatchObject({ all: { contacts: contacts().length }, fairness: [{ monitor: "sex" }] });
    expect(status).toBe((kpis as unknown as KpiReport).fairness[0]!.alerts.length > 0 ? 1 : 0);
    expect(experiments).toMatchObject([{ experiment: "savings", waiting: CUSTOMERS.length }]);
    expect(readFileSync(page("kpi.html"), "utf8")).toContain("Response by n-th contact");
    expect(readFileSync(page("experiments.html"), "utf8")).toContain("Control group (50 %)");
    for (const name of ["kpi.html", "experiments.html"])
      expect(readFileSync(page(name), "utf8")).not.toMatch(/NaN|undefined|<script/);
  });

  it("is served to Prometheus, following what happens", async () => {
    const stops: (() => void)[] = [];
    const interrupts = { on: (_: string, end: () => void) => stops.push(end), off: () => undefined };
    const lines: string[] = [];
    const log = { info: (o: { port?: number }) => lines.push(String(o.port)), warn: () => 0, error: () => 0 };
    const options = { host: "127.0.0.1", port: 0, everyMinutes: 15, maxCustomers: 1_000, segment: "segment" };
    const served = serveKpis(
      system.servers.nc,
      { ...options, monitors: loadFairness(dir), models: [], log: log as never },
      interrupts,
    );
    const port = await eventually("the port", () => lines[0]);
    const metrics = async (): Promise<string> => (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    await eventually("the metrics to have read all", async () =>
      (await metrics()).includes(`segue_contacts_total ${contacts().length}\n`) ? true : undefined,
    );
    const text = await metrics();
    expect(text).toMatch(
      /segue_journey_decisions_total\{journey="balance-leaving",answer="control_group"\} \d/,
    );
    expect(text).toMatch(/segue_fairness_alert\{monitor="sex",rate="offer",group="f"\} [01]/);
    expect(text).not.toContain("cust-");
    for (const stop of stops) stop();
    expect(await served).toBe(0);
  });
});
