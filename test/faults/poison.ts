/**
 * Events whose handler throws each time. Two journeys with a defect that only shows when they run (published by an older
 * build, so that no check at load sees them), one of which has asked for a decision first; and a customer whose stored
 * context cannot be read for a while. Each such event goes to DLQ with its bytes; everything around it goes on in order.
 */
import { jetstream } from "@nats-io/jetstream";
import { Kvm } from "@nats-io/kv";
import { dlqHeaders, DLQ_STREAM, journeyV1, partitionConsumer, partitionOf, subjects } from "#contracts";
import { eventually } from "#testing";
import { OwnEvents, type OwnEvent } from "./own-events.js";
import type { Rig } from "./rig.js";
import type { Run, Scenario } from "./scenario.js";

const EVENTS = { short: 30, normal: 80, long: 400 } as const;
const CUSTOMERS = { short: 8, normal: 16, long: 32 } as const;

const CIRCLE = [
  { id: "a", type: "branch", cases: [{ when: "event.data.on == true", goto: "b" }], otherwise: "b" },
  { id: "b", type: "branch", cases: [{ when: "event.data.on == true", goto: "a" }], otherwise: "a" },
];
const journey = (id: string, steps: object[]): object => ({
  kind: "Journey",
  id,
  version: 1,
  description: "a defect that shows only when it runs",
  purpose: "service",
  trigger: { event: `${id}.met` },
  entry: { rule: "after-exit" },
  steps,
});
const DEFECTS = [
  journey("circle", CIRCLE),
  journey("asking-circle", [{ id: "ask", type: "execute", action: "payment-retry", next: "a" }, ...CIRCLE]),
].map((j) => journeyV1.parse(j));

export const poison: Scenario = {
  id: "poison",
  title: "poison: events whose handler throws every time",
  invariants: ["I1", "I2", "I3", "I4", "I5", "I6", "I7", "I8", "I11"],
  async run(run: Run): Promise<void> {
    const rig = await run.start({ services: ["gateway", "decision", "policy", "channels"] });
    const published = await new Kvm(rig.nc).open("definitions");
    for (const d of DEFECTS) await published.create(`journey.${d.id}.${d.version}`, JSON.stringify(d));
    await rig.launch("actor-0", "context-actor");
    await rig.launch("actor-1", "context-actor");
    await rig.untilReady();
    const load = run.load(rig);
    const own = new OwnEvents(rig);
    const customers = Array.from({ length: run.pick(CUSTOMERS) }, (_, i) => `p-${i}`);
    await Promise.all(customers.map((c) => mixed(run, own, c)));
    run.fault(`${own.published.filter((p) => p.malformed).length} poison events among others`);
    await rig.service("actor-0").crash();
    await unreadableContext(run, rig, own);
    await run.settle(rig, [load, own]);
    await checkLetters(run, rig, own);
  },
};

async function mixed(run: Run, own: OwnEvents, customerId: string): Promise<void> {
  for (let n = 0; n < run.pick(EVENTS); n++) {
    const bad = run.random() < 0.3;
    const type = bad ? run.random.one(["circle.met", "asking-circle.met"]) : "account.credited";
    await own.publish({ customerId, id: `${customerId}-${n}`, type, data: { on: true, n }, malformed: bad });
  }
}

/** The stored context is damaged, and mended later from what an operator has: its events meanwhile are sent again. */
async function unreadableContext(run: Run, rig: Rig, own: OwnEvents): Promise<void> {
  const customerId = "damaged";
  const subject = subjects.ctx(customerId);
  const event = (id: string): OwnEvent => ({
    customerId,
    id,
    type: "account.credited",
    data: {},
    time: 1_750_000_000_000,
  });
  const stored = async (seq: number): Promise<Uint8Array> =>
    (
      await eventually(
        "the context",
        async () => {
          const m = await rig.jsm.streams.getMessage("CTX", { last_by_subj: subject }).catch(() => null);
          return m && m.json<{ watermark: number }>().watermark >= seq ? m : undefined;
        },
        20_000,
      )
    ).data;
  const { seq } = await own.publish(event("before"));
  const good = await stored(seq);
  // An event that is delivered again could not be told from a new one while its context cannot be read.
  const consumer = partitionConsumer(partitionOf(customerId));
  await eventually("it to be acknowledged", async () => {
    const { ack_floor } = await rig.jsm.consumers.info(consumer.stream, consumer.name);
    return ack_floor.stream_seq >= seq;
  });
  const js = jetstream(rig.nc);
  await js.publish(subject, "{damaged");
  run.fault("a stored context that cannot be read");
  const lost = await own.publish({ ...event("meanwhile"), malformed: true });
  await eventually("its event in DLQ", async () => (await lettersOf(rig)).has(lost.seq), 20_000);
  await js.publish(subject, good);
  // Sent again from DLQ once the context is mended; it is a new message of the stream.
  await own.publish({ ...event("after") });
}

interface Letter {
  readonly reason: string;
  readonly text: string;
}

async function lettersOf(rig: Rig): Promise<Map<number, Letter>> {
  const letters = new Map<number, Letter>();
  const { state } = await rig.jsm.streams.info(DLQ_STREAM);
  for (let seq = state.first_seq; seq <= state.last_seq; seq++) {
    const m = await rig.jsm.streams.getMessage(DLQ_STREAM, { seq });
    if (m)
      letters.set(Number(m.header.get(dlqHeaders.sequence)), {
        reason: m.header.get(dlqHeaders.reason),
        text: m.string(),
      });
  }
  return letters;
}

async function checkLetters(run: Run, rig: Rig, own: OwnEvents): Promise<void> {
  const letters = await lettersOf(rig);
  for (const p of own.published.filter((e) => e.malformed)) {
    const letter = letters.get(p.seq);
    const id = (letter && (JSON.parse(letter.text) as { id: string }).id) ?? "nothing";
    const stored = await rig.jsm.streams.getMessage("EVT", { seq: p.seq });
    if (letter?.reason === "handler_failed" && id === p.id && letter.text === stored?.string()) continue;
    run.violations.push({
      invariant: "I11",
      customerId: p.customerId,
      expected: `the original bytes of ${p.id} in DLQ as handler_failed`,
      found: [`DLQ: ${letter?.reason ?? "not there"}, ${id}`],
    });
  }
}
