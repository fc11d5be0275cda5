/**
 * Outcomes in EVT. Owns I8: each command ends in exactly one terminal outcome, whoever writes it and however
 * often: a terminal outcome is written only if no outcome of that customer was stored since it was checked that
 * the command has none (compare-and-set over the customer's outcome subjects). The message id alone would not
 * do: it differs between `unknown` and `delivered`, and is forgotten after two minutes. What is known without asking
 * (`OutcomeKnowledge`) saves the look before the first try; the compare-and-set tells when it is out of date.
 */
import {
  cloudEventV1,
  isTerminal,
  outcomeEventId,
  outcomeV1,
  partitionOf,
  SEGUE_SOURCE,
  streamOf,
  subjects,
  type CloudEvent,
  type Command,
  type Outcome,
  type OutcomeKind,
  type TerminalOutcome,
} from "#contracts";
import { sleep, type Publisher } from "#messaging";
import type { StoredMsg } from "@nats-io/jetstream";
import type { CustomerLog } from "./customer-log.js";
import { OutcomeKnowledge } from "./outcome-knowledge.js";

/** What the log needs to know of a command's message. */
export interface CommandOrigin {
  /** Nothing about this command is older than this; wall-clock epoch ms. */
  readonly sinceMs: number;
  /** Headers that outcomes carry on: trace context and when the event was stored. */
  readonly headers: Readonly<Record<string, string>>;
}

export type OutcomeFields = Pick<Outcome, "kind" | "channel" | "tried" | "reason" | "result">;

/** Makes the server compare the last sequence over all outcome subjects of the customer, not only the one written to. */
const EXPECT_SUBJECT_HEADER = "Nats-Expected-Last-Subject-Sequence-Subject";
const CONFLICT_PAUSE_MS = 5;

export class OutcomeLog {
  readonly #log: CustomerLog;
  readonly #publisher: Publisher;
  readonly #known = new OutcomeKnowledge();

  constructor(log: CustomerLog, publisher: Publisher) {
    this.#log = log;
    this.#publisher = publisher;
  }

  /** The command's terminal outcome, if it has one. */
  async terminalOf(command: Command, origin: CommandOrigin): Promise<TerminalOutcome | undefined> {
    const { stream, subject } = place(command);
    return this.#terminal(command, origin, await this.#log.last(stream, subject));
  }

  /** Ends the command, unless it has ended already; answers how it ended, and whether by this call. */
  async end(
    command: Command,
    outcome: OutcomeFields & { readonly kind: TerminalOutcome },
    time: number,
    origin: CommandOrigin,
  ): Promise<{ readonly kind: TerminalOutcome; readonly written: boolean }> {
    const { stream, subject } = place(command);
    const event = outcomeEvent(command, outcome, time);
    const writeAfter = async (expected: number): Promise<boolean> => {
      const result = await this.#publish(command, event, outcome.kind, {
        headers: { ...origin.headers, [EXPECT_SUBJECT_HEADER]: subject },
        expectLastSubjectSequence: expected,
      });
      if (result.kind === "written") this.#known.wrote(command, expected, result.seq);
      return result.kind === "written";
    };
    const known = this.#known.lastBefore(command);
    if (known !== undefined && (await writeAfter(known))) return { kind: outcome.kind, written: true };
    for (;;) {
      const last = await this.#log.last(stream, subject);
      const existing = await this.#terminal(command, origin, last);
      if (existing) return { kind: existing, written: false };
      if (await writeAfter(last?.seq ?? 0)) return { kind: outcome.kind, written: true };
      // Another outcome of this customer came between, or our own whose acknowledgement was lost: look again.
      await sleep(CONFLICT_PAUSE_MS);
    }
  }

  /** Adds what the customer did. */
  async respond(
    command: Command,
    outcome: OutcomeFields,
    time: number,
    origin: CommandOrigin,
  ): Promise<void> {
    await this.#publish(command, outcomeEvent(command, outcome, time), outcome.kind, {
      headers: origin.headers,
    });
  }

  #publish(
    command: Command,
    event: CloudEvent,
    kind: OutcomeKind,
    options: {
      readonly headers: Readonly<Record<string, string>>;
      readonly expectLastSubjectSequence?: number;
    },
  ): ReturnType<Publisher["publish"]> {
    const subject = subjects.evt(command.customerId, SEGUE_SOURCE, event.type);
    return this.#publisher.publish(subject, JSON.stringify(event), {
      msgId: outcomeEventId(command.commandId, kind),
      ...options,
    });
  }

  #terminal(
    command: Command,
    origin: CommandOrigin,
    last: StoredMsg | undefined,
  ): Promise<TerminalOutcome | undefined> {
    const { stream, subject } = place(command);
    return this.#log.find(stream, subject, origin.sinceMs, last, (m) => {
      const outcome = readOutcome(m);
      return outcome?.commandId === command.commandId && isTerminal(outcome.kind) ? outcome.kind : undefined;
    });
  }
}

function place(command: Command): { readonly stream: string; readonly subject: string } {
  return {
    stream: streamOf("EVT", partitionOf(command.customerId)),
    subject: subjects.outcomesOfCustomer(command.customerId),
  };
}

function readOutcome(m: StoredMsg): Outcome | undefined {
  try {
    const event = cloudEventV1.safeParse(m.json());
    return event.success ? outcomeV1.safeParse(event.data.data).data : undefined;
  } catch {
    return undefined;
  }
}

/** The `outcome.<kind>` event of a command; `time` is epoch ms on Segue's clock. */
export function outcomeEvent(command: Command, outcome: OutcomeFields, time: number): CloudEvent {
  const { commandId, decisionId, reservationId, action, customerId } = command;
  const data: Outcome = { commandId, decisionId, reservationId, action, ...outcome };
  return {
    specversion: "1.0",
    id: outcomeEventId(commandId, outcome.kind),
    source: SEGUE_SOURCE,
    type: `outcome.${outcome.kind}`,
    subject: customerId,
    time: new Date(time).toISOString(),
    datacontenttype: "application/json",
    data,
  };
}
