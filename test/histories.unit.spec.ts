/**
 * Recorded histories (`test/histories`, made by `scripts/record-history.mjs`): what an engine once did to a customer, event
 * by event, it must do again, to the byte, under every later engine (I9, I10). A difference means that a change alters
 * running instances: give it a flag (`libs/domain/src/journey/flags.ts`).
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  journeyV1,
  type AuditEntry,
  type Context,
  type CustomerEvent,
  type DecisionReply,
  type JourneyDefinition,
} from "#contracts";
import { createExpressions } from "#definitions";
import { ENGINE_VERSION, Journeys, type Intent } from "#domain";
import { CustomerScript } from "#testing";

interface History {
  readonly engine: number;
  readonly definitions: readonly JourneyDefinition[];
  readonly turns: readonly {
    readonly event: Omit<CustomerEvent, "seq">;
    readonly now: number;
    readonly answers: readonly DecisionReply[];
    readonly intents: readonly Intent[];
    readonly entries: readonly AuditEntry[];
  }[];
  readonly context: Context;
}

const DIR = join(process.cwd(), "test", "histories");
const files = readdirSync(DIR).filter((f) => f.endsWith(".json"));
const read = (file: string): History => JSON.parse(readFileSync(join(DIR, file), "utf8")) as History;

/** Replays a history, with another engine where one is given; answers what differs first. */
function replay(history: History, engine = history.engine): string | undefined {
  const definitions = history.definitions.map((d) => journeyV1.parse(d));
  const customer = new CustomerScript(
    new Journeys(definitions, createExpressions(), { engine }),
    history.context.customerId,
  );
  for (const [i, { event, now, answers, intents, entries }] of history.turns.entries()) {
    const open = [...answers];
    const [intentsBefore, entriesBefore] = [customer.intents.length, customer.entries.length];
    customer.answering = () => open.shift() ?? { kind: "unavailable", reason: "asked more than then" };
    customer.now = now;
    customer.apply(event);
    const where = `event ${i + 1} (${event.type})`;
    if (open.length > 0) return `${where}: asked less than then`;
    if (!same(customer.entries.slice(entriesBefore), entries)) return `${where}: other audit entries`;
    if (!same(customer.intents.slice(intentsBefore), intents)) return `${where}: other intents`;
  }
  return same(customer.context, history.context) ? undefined : "another context at the end";
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

describe("recorded histories", () => {
  it.each(files)("%s replays to the same bytes", (file) => {
    expect(replay(read(file))).toBeUndefined();
  });

  it("are there for every engine, the newest included", () => {
    const engines = new Set(files.map((f) => read(f).engine));
    expect(engines).toContain(0);
    expect(engines).toContain(ENGINE_VERSION);
  });

  it("show the difference that a flag makes", () => {
    expect(replay(read("engine-0-competing.json"), ENGINE_VERSION)).toMatch(/^event/);
  });
});
