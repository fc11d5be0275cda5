#!/usr/bin/env node
/**
 * Records a history: one customer's seeded events through some journeys, with every answer, and what the engine of this
 * build made of them. `test/histories.unit.spec.ts` replays it, with this and every later engine, to the same bytes.
 *
 *   node scripts/record-history.mjs <name> <seed> <file or folder of journeys>
 *
 * A history is never recorded anew: it says what that engine did. A new engine version gets new ones.
 */
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { journeyV1 } from "#contracts";
import * as domain from "#domain";
import { createExpressions } from "#definitions";
import { CustomerScript, permitAll } from "#testing";

const [name, seedText, from] = process.argv.slice(2);
if (!name || !from || !/^\d+$/.test(seedText ?? "")) {
  console.error("usage: node scripts/record-history.mjs <name> <seed> <file or folder of journeys>");
  process.exit(2);
}
const out = `test/histories/${name}.json`;
if (existsSync(out)) {
  console.error(`${out} is there: a history is never recorded anew. Give the new one another name.`);
  process.exit(1);
}

const files = statSync(from).isDirectory()
  ? readdirSync(from)
      .filter((f) => f.endsWith(".yaml"))
      .sort()
      .map((f) => join(from, f))
  : [from];
const definitions = files
  .flatMap((f) => parse(readFileSync(f, "utf8")))
  .map((definition) => journeyV1.parse(definition));

// mulberry32: the same events for the same seed, on every machine.
let state = Number(seedText);
function random() {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
}
const pick = (list) => list[Math.floor(random() * list.length)];

const types = [
  ...new Set(
    definitions.flatMap((d) => [
      ...[d.trigger.event].flat(),
      ...[d.trigger.event].flat(),
      ...(d.exitOn ?? []).flatMap((e) => e.event),
      ...[d.goal?.event ?? []].flat(),
      ...d.steps.flatMap((s) => (s.type === "wait" ? (s.for ?? []).flatMap((c) => c.event ?? []) : [])),
    ]),
  ),
  // Holds, consents and profiles act on every instance, whatever its engine: not a matter of flags.
].filter((type) => !/^(hold|consent|customer)\./.test(type));

const HOUR = 3_600_000;
const customer = new CustomerScript(new domain.Journeys(definitions, createExpressions()), "c1");
const turns = [];
let answers = [];
customer.answering = (request) => {
  const { decisionId } = request;
  const luck = random();
  const reply =
    luck < 0.6
      ? permitAll(request)
      : luck < 0.75
        ? { kind: "none", decisionId, reason: "cap_reached" }
        : luck < 0.9
          ? { kind: "defer", decisionId, until: request.at + 7 * HOUR, reason: "quiet_hours" }
          : { kind: "unavailable", reason: "decision_unavailable" };
  answers.push(reply);
  return reply;
};

function apply(event) {
  const [intents, entries] = [customer.intents.length, customer.entries.length];
  answers = [];
  customer.apply(event);
  turns.push({
    event,
    now: customer.now,
    answers,
    intents: customer.intents.slice(intents),
    entries: customer.entries.slice(entries),
  });
}

for (let n = 1; n <= 90; n++) {
  const due = customer.context.journeys.flatMap((j) =>
    j.wait ? [{ id: j.id, ...j.wait, wait: j.wait.id }] : [],
  );
  const last = customer.commands.at(-1);
  const luck = random();
  const base = { id: `e${n}`, source: "core", customerId: "c1", time: customer.now };
  if (luck < 0.25 && due.length > 0) {
    const { id, wait, dueAt } = due.sort((a, b) => a.dueAt - b.dueAt)[0];
    // In time, or late with others that fell due meanwhile.
    customer.now = Math.max(customer.now, dueAt + (random() < 0.5 ? 0 : 30 * HOUR));
    apply({ ...base, source: "segue", type: `timer.${id}.${wait}`, time: dueAt, data: {} });
  } else if (luck < 0.4 && last) {
    const kind = pick(["delivered", "clicked", "declined", "failed", "converted"]);
    const { commandId, decisionId, reservationId, action, plan } = last;
    const data = {
      commandId,
      decisionId,
      reservationId,
      action,
      kind,
      channel: plan[0].channel,
      tried: [],
      reason: "receipt",
    };
    apply({ ...base, source: "segue", type: `outcome.${kind}`, data });
  } else {
    customer.now += Math.floor(random() * random() * 40 * HOUR);
    const data = {
      amountMinor: Math.floor(random() * 100_000),
      balanceMinor: Math.floor(random() * 100_000) - 20_000,
      balanceBeforeMinor: Math.floor(random() * 100_000),
      paymentId: `p${Math.floor(random() * 4)}`,
      loanId: `l${Math.floor(random() * 3)}`,
      reasonCode: pick(["AM04", "AC04", "TECH", "MS03"]),
      purpose: pick(["insurance", "rent"]),
      kind: "cash",
      dueAt: customer.now + Math.floor(random() * 30 * 24 * HOUR),
    };
    apply({ ...base, time: customer.now, type: pick(types), data });
  }
}

const history = { engine: domain.ENGINE_VERSION ?? 0, definitions, turns, context: customer.context };
writeFileSync(out, `${JSON.stringify(history)}\n`);
const counts = {};
for (const { kind } of turns.flatMap((t) => t.entries)) counts[kind] = (counts[kind] ?? 0) + 1;
console.log(`${out}: engine ${history.engine}, ${turns.length} events`, counts);
