/** `segue hold`: what stops automation for a customer is placed, released by a person, and shown. */
import { randomUUID } from "node:crypto";
import { parseArgs } from "node:util";
import type { NatsConnection } from "@nats-io/nats-core";
import { readProfileHistory } from "#audit";
import type { Clock } from "#clock";
import {
  eventTypes,
  HOLDS,
  holdKindV1,
  holdPlacedV1,
  holdReleaseV1,
  subjects,
  type CustomerHolds,
  type HoldKind,
} from "#contracts";
import { Publisher } from "#messaging";
import {
  commonOptions,
  customerOption,
  runWithNats,
  write,
  writeJson,
  WrongArguments,
} from "../audit/with-nats.js";
import type { Command } from "../command.js";
import { clockAt, NATS_DEFAULT_TEXT, readingClockAt } from "../nats-option.js";

const HELP = `segue hold place <kind> --customer <id> --as <name> --why <text> [--until <time>]
segue hold release <kind> --customer <id> --as <name> --why <text>
segue hold list --customer <id> [--json]

  Kinds: ${HOLDS.join(", ")}. What each stops: docs/consent.md.
  A hold with --until counts as lifted from then on; placed again, it can only become longer. From the acknowledgement on
  no send starts later than a second that it forbids.

  --as <name>      who you are; it goes on record (nothing checks it yet: Segue has no sign-in so far)
  --why <text>     why; it stands in the event, and not in the audit
  --until <time>   such as 2027-01-31T00:00:00Z
  --nats <url>     ${NATS_DEFAULT_TEXT}

  Exit status: 0 done, 1 not reachable, 2 not understood.
`;

/** CloudEvents source of what is placed and released here. */
const SOURCE = "segue-cli";

export const holdCommand: Command = {
  summary: "place, release and list what stops automation for a customer",
  help: HELP,
  run: (args) =>
    runWithNats("hold", HELP, () => {
      const { values, positionals } = parseArgs({
        args: [...args],
        allowPositionals: true,
        options: {
          ...commonOptions,
          customer: { type: "string" },
          as: { type: "string" },
          why: { type: "string" },
          until: { type: "string" },
        },
      });
      if (values.help) return "help";
      const { nats, json, until } = values;
      const [what, kind, ...more] = positionals;
      if (values.customer === undefined) throw new WrongArguments("--customer <id> is missing");
      const customer = customerOption(values.customer);
      if (what === "list" && kind === undefined)
        return { nats, run: (nc) => list(nc, customer, readingClockAt(nats), json) };
      if ((what !== "place" && what !== "release") || more.length > 0)
        throw new WrongArguments("say place <kind>, release <kind> or list");
      if (until !== undefined && what === "release") throw new WrongArguments("--until goes with place");
      const who = holdReleaseV1.safeParse({ by: values.as, reason: values.why });
      if (!who.success)
        throw new WrongArguments("--as <name> (up to 64 characters) and --why <text> (up to 256)");
      const data = holdPlacedV1.safeParse({
        kind: kindOf(kind),
        ...who.data,
        ...(until === undefined ? {} : { until }),
      });
      if (!data.success)
        throw new WrongArguments(`--until ${until}: a time with a zone, such as 2027-01-31T00:00:00Z`);
      const clock = readingClockAt(nats);
      if (until !== undefined && Date.parse(until) <= clock.now())
        throw new WrongArguments(
          `--until ${until}: that is over already; there it is ${new Date(clock.now()).toISOString()}`,
        );
      return {
        nats,
        run: (nc) =>
          what === "place" ? place(nc, customer, data.data, nats) : release(nc, customer, data.data, nats),
      };
    }),
};

function kindOf(text: string | undefined): HoldKind {
  const kind = holdKindV1.safeParse(text);
  if (kind.success) return kind.data;
  throw new WrongArguments(`${text ?? "no kind"}: a hold is one of ${HOLDS.join(", ")}`);
}

async function place(
  nc: NatsConnection,
  customer: string,
  data: { kind: HoldKind },
  nats: string,
): Promise<number> {
  await tell(nc, customer, eventTypes.holdPlaced, data, nats);
  await write(`✓ the ${data.kind} hold is placed\n`);
  return 0;
}

/** Told in any case: one that was placed a moment ago may not be readable yet. */
async function release(
  nc: NatsConnection,
  customer: string,
  data: { kind: HoldKind },
  nats: string,
): Promise<number> {
  const clock = readingClockAt(nats);
  const history = await readProfileHistory(nc, customer, clock);
  const stood = history.holds(clock.now()).some((h) => h.kind === data.kind && h.state === "holds");
  await tell(nc, customer, eventTypes.holdLifted, data, nats);
  await write(
    stood
      ? `✓ the ${data.kind} hold is released\n`
      : `${customer} has no ${data.kind} hold that stands; the release is on record all the same\n`,
  );
  return 0;
}

async function tell(
  nc: NatsConnection,
  customer: string,
  type: string,
  data: { kind: HoldKind },
  nats: string,
): Promise<void> {
  const id = randomUUID();
  // Where data is replayed, an event without a time happens whenever it is read; elsewhere, when the stream has it.
  const clock = clockAt(nats);
  const time = clock.kind === "replay" ? { time: new Date(clock.now()).toISOString() } : {};
  const event = { specversion: "1.0", id, source: SOURCE, type, subject: customer, ...time, data };
  await new Publisher(nc).publish(subjects.bank(SOURCE, customer, type), JSON.stringify(event), {
    msgId: `${SOURCE}:${id}`,
    headers: { "content-type": "application/cloudevents+json" },
  });
}

async function list(nc: NatsConnection, customerId: string, clock: Clock, json: boolean): Promise<number> {
  const now = clock.now();
  const history = await readProfileHistory(nc, customerId, clock);
  const shown: CustomerHolds = { customerId, holds: history.holds(now), history: history.holdsTold };
  if (json) await writeJson(shown);
  else {
    const iso = (at: number): string => new Date(at).toISOString();
    for (const { kind, state, since, until, by, reason } of shown.holds)
      await write(
        `${kind.padEnd(10)}  ${state === "holds" ? "" : "over, "}since ${iso(since)}${until === undefined ? "" : ` until ${iso(until)}`}` +
          `${by === undefined ? "" : ` by ${by}`}${reason === undefined ? "" : `: ${reason}`}\n`,
      );
    if (shown.holds.length === 0) await write("no hold\n");
  }
  return 0;
}
