/** An AUDIT as the context actor writes it, for the tests of this folder. */
import {
  commandId,
  type AuditEntry,
  type AuditKind,
  type Channel,
  type DecisionRecord,
  type ModelDefinition,
  modelV1,
  type OutcomeKind,
  subjects,
} from "#contracts";
import { nuid, type NatsConnection } from "@nats-io/nats-core";
import { Publisher } from "#messaging";

export const HOUR_MS = 3_600_000;

export const givenModel: ModelDefinition = modelV1.parse({
  kind: "Model",
  id: "response",
  version: 1,
  description: "d",
  success: ["converted"],
  horizon: "1d",
  features: {
    balance: { kind: "number", of: "context.attributes.balanceMinor" },
    segment: { kind: "category", of: "context.attributes.segment" },
  },
});

export interface GivenOrder {
  readonly customer: string;
  readonly n?: number;
  readonly at: number;
  readonly action?: string;
  readonly segment?: string;
  /** Id of the model that took part in the decision. */
  readonly model?: string;
}

export class GivenAudit {
  readonly #publisher: Publisher;

  constructor(nc: NatsConnection) {
    this.#publisher = new Publisher(nc);
  }

  /** Decision and order, as one commit puts them; answers the command's id. */
  async order(given: GivenOrder): Promise<string> {
    const record = recordOf(given);
    await this.#publish(given.customer, "decision", { records: [record] });
    const command = commandId(record.request.decisionId);
    await this.orderAgain(given);
    return command;
  }

  /** The order alone, as after a crash. */
  async orderAgain(given: GivenOrder): Promise<void> {
    const { customer, at, action = "a" } = given;
    const command = commandId(idOf(given));
    await this.#step(customer, "contact", at, {
      kind: "command",
      commandId: command,
      reservationId: idOf(given),
      action,
      purpose: "marketing",
      channel: "push",
      channels: ["push"],
      journey: "j",
      at,
      counts: true,
      urgent: false,
    });
  }

  async outcome(command: string, outcome: OutcomeKind, at: number, channel: Channel = "push"): Promise<void> {
    const customer = command.split(".")[0]!;
    await this.#step(customer, "step", at, {
      kind: "outcome",
      commandId: command,
      action: "a",
      channel,
      outcome,
      reason: "r",
      tried: [],
    });
  }

  /** A later order of another matter: time passes. */
  async time(at: number): Promise<void> {
    await this.orderAgain({ customer: "clock", at, n: at });
  }

  async #step(customerId: string, kind: AuditKind, at: number, entry: AuditEntry): Promise<void> {
    const event = { id: "e", source: "s", type: "t", time: at };
    const record = { v: 1, customerId, n: 1, prev: "", hash: "", at, event, entries: [entry] };
    await this.#publish(customerId, kind, { records: [record] });
  }

  async #publish(customer: string, kind: AuditKind, body: unknown): Promise<void> {
    await this.#publisher.publish(subjects.audit(customer, kind), JSON.stringify(body), {
      msgId: nuid.next(),
    });
  }
}

const idOf = ({ customer, n = 1 }: GivenOrder): string => `${customer}.${n}.0`;

function recordOf(given: GivenOrder): DecisionRecord {
  const { customer, at, action = "a", segment = "x", model = "response" } = given;
  const moment = { id: "e", source: "s", type: "t", time: at, data: {} };
  return {
    request: {
      decisionId: idOf(given),
      customerId: customer,
      at,
      moment,
      context: { now: at, attributes: { balanceMinor: 100, segment }, signals: {}, contacts: [] },
      profile: { seq: 1, consents: {}, holds: [] },
      journey: { id: "j", version: 1, instance: "j-1", step: "s" },
      candidates: [action],
    },
    reply: { kind: "none", decisionId: idOf(given), reason: "r" },
    explanations: [],
    verdicts: [],
    versions: {},
    propensities: { [action]: { model: `${model}@1`, version: 0, p: 0.1, drawn: 0.1 } },
    engine: 1,
  };
}
