/**
 * Key figures from AUDIT: a pure fold over its messages, those of one customer in order. Memory is bounded by the journeys,
 * actions, channels and segments that there are, and by a fixed amount per customer, never by the number of events.
 */
import {
  isTerminal,
  MAX_GROUPS,
  type AuditEntry,
  type AuditRecord,
  type Channel,
  type CommandEntry,
  type DecisionRecord,
  type OutcomeKind,
  type ProfileChangeEntry,
} from "#contracts";
import { FATIGUE_STEPS, KpiCell } from "./kpi-cell.js";

export const KPI_DIMENSIONS = ["all", "journey", "action", "channel", "segment"] as const;
export type KpiDimension = (typeof KPI_DIMENSIONS)[number];

export interface KpiOptions {
  /** Counts what happened from this time on, and before that one: Segue's clock, epoch ms. */
  readonly since?: number | undefined;
  readonly until?: number | undefined;
  /** The attribute that says a customer's segment. */
  readonly segment: string;
  /** Customers remembered at once; the one that was seen least recently is forgotten. Without it all are. */
  readonly maxCustomers?: number;
}

const DAY_MS = 86_400_000;
/** An opt-out is put down to the last contact, and a case to the one before, within this time. */
const ATTRIBUTION_MS = 7 * DAY_MS;
/** Commands of a customer whose outcome may still come. */
const OPEN_COMMANDS = 32;
const OPEN_JOURNEYS = 32;
/** The segment of a customer of whom no decision told it, and the one for what is too many to tell apart. */
export const UNKNOWN = "unknown";
export const OTHER = "other";

/** What ends well and what does not, by the event that tells it. */
const APPLICATION: Readonly<Record<string, "approved" | "refused">> = {
  "loan.application.approved": "approved",
  "loan.application.declined": "refused",
};
/** Events of failures that a journey may put right. */
const FAILURES: ReadonlySet<string> = new Set([
  "payment.failed",
  "card.payment.declined",
  "account.overdrawn",
]);
const RESPONSES: ReadonlySet<OutcomeKind> = new Set(["opened", "clicked", "converted"]);

interface OpenCommand {
  readonly journey: string;
  readonly action: string;
  readonly channel: Channel;
  readonly at: number;
  readonly counts: boolean;
  readonly nth: number;
  responded: boolean;
}

interface Customer {
  /** Number of the last record of the chain: one that was relayed again is passed over. */
  n: number;
  segment: string;
  contacts: number;
  readonly commands: Map<string, OpenCommand>;
  /** Per open instance: its journey, and whether a failure began it. */
  readonly journeys: Map<string, { readonly journey: string; readonly failure: boolean }>;
  /** Contacts by cell. */
  readonly perCell: Map<KpiCell, number>;
  lastContact: OpenCommand | undefined;
  lastCase: { readonly journey: string; readonly action: string; readonly at: number } | undefined;
}

/** Where something is counted; what is absent is not known of it. */
interface Place {
  readonly journey?: string | undefined;
  readonly action?: string | undefined;
  readonly channel?: string | undefined;
}

export class KpiFold {
  readonly #cells: Readonly<Record<KpiDimension, Map<string, KpiCell>>> = {
    all: new Map([["all", new KpiCell()]]),
    journey: new Map(),
    action: new Map(),
    channel: new Map(),
    segment: new Map(),
  };
  readonly #customers = new Map<string, Customer>();
  readonly #since: number;
  readonly #until: number;
  /** The newest time seen, Segue's clock. */
  latest = 0;

  constructor(private readonly options: KpiOptions) {
    this.#since = options.since ?? -Infinity;
    this.#until = options.until ?? Infinity;
  }

  /** A decision record; it stands in AUDIT before the record of the event that it was made for. */
  decision({ request }: DecisionRecord): void {
    const value = request.context.attributes[this.options.segment];
    if (value !== undefined) this.#customer(request.customerId).segment = String(value);
  }

  /** A record of a customer's chain. */
  record(record: AuditRecord): void {
    const customer = this.#customer(record.customerId);
    if (record.n <= customer.n) return;
    customer.n = record.n;
    this.latest = Math.max(this.latest, record.at);
    const counted = record.at >= this.#since && record.at < this.#until;
    if (counted) this.#application(customer, record);
    for (const entry of record.entries) this.#entry(customer, record, entry, counted);
  }

  /** No more of the customers seen so far will come: what was remembered of them is forgotten. */
  forgetCustomers(): void {
    this.#customers.clear();
  }

  cells(dimension: KpiDimension): ReadonlyMap<string, KpiCell> {
    return this.#cells[dimension];
  }

  #entry(customer: Customer, { at, event }: AuditRecord, entry: AuditEntry, counted: boolean): void {
    const each = (place: Place, count: (cell: KpiCell) => void): void => {
      if (counted) for (const cell of this.#at(customer, place)) count(cell);
    };
    if (entry.kind === "journey-entered") {
      const { journey, instance } = entry;
      const failure = FAILURES.has(event.type);
      remember(customer.journeys, instance, { journey, failure }, OPEN_JOURNEYS);
      each({ journey }, (c) => {
        c.entered++;
        if (failure) c.failures++;
      });
    } else if (entry.kind === "goal-reached") {
      const failure = customer.journeys.get(entry.instance)?.failure === true;
      each({ journey: entry.journey }, (c) => {
        c.goals++;
        if (failure) c.recovered++;
      });
    } else if (entry.kind === "journey-exited") customer.journeys.delete(entry.instance);
    else if (entry.kind === "decision")
      each({ journey: entry.journey, action: entry.action, channel: entry.channel }, (c) => {
        c.decisions++;
        if (entry.answer === "act") c.acted++;
        else if (entry.answer === "defer") c.deferred++;
        else if (entry.answer === "unavailable") c.unavailable++;
        else if (entry.reason === "control_group") c.heldOut++;
        else c.silent++;
      });
    else if (entry.kind === "command") this.#command(customer, entry, event.time, counted);
    else if (entry.kind === "outcome") this.#outcome(customer, entry, event.time, counted);
    else if (entry.kind === "profile-changed" && entry.changes?.some(isOptOut)) {
      const contact = customer.lastContact;
      customer.lastContact = undefined;
      if (contact && at - contact.at <= ATTRIBUTION_MS) each(contact, (c) => c.optOuts++);
    }
  }

  #command(customer: Customer, entry: CommandEntry, eventTime: number, counted: boolean): void {
    const { commandId, journey, action, channel, at, counts } = entry;
    if (counts) customer.contacts++;
    const nth = Math.min(customer.contacts, FATIGUE_STEPS) - 1;
    const command: OpenCommand = { journey, action, channel, at, counts, nth, responded: false };
    remember(customer.commands, commandId, command, OPEN_COMMANDS);
    if (channel === "agent") this.#casePlaced(customer, at, counted);
    if (counts) customer.lastContact = command;
    if (!counted) return;
    for (const cell of this.#at(customer, command)) {
      cell.toCommand.add(at - eventTime);
      if (!counts) continue;
      cell.contacts++;
      cell.nthContacts[nth]!++;
      const before = customer.perCell.get(cell) ?? 0;
      customer.perCell.set(cell, before + 1);
      if (before === 0) cell.contacted++;
      else cell.customersByContacts[Math.min(before, FATIGUE_STEPS) - 1]!--;
      cell.customersByContacts[Math.min(before + 1, FATIGUE_STEPS) - 1]!++;
    }
  }

  /** A case within a week of one that was taken: that one did not settle it. */
  #casePlaced(customer: Customer, at: number, counted: boolean): void {
    const before = customer.lastCase;
    customer.lastCase = undefined;
    if (!before || !counted || at - before.at > ATTRIBUTION_MS) return;
    for (const cell of this.#at(customer, { ...before, channel: "agent" })) cell.casesAgain++;
  }

  #outcome(
    customer: Customer,
    { commandId, outcome, channel, tried }: Extract<AuditEntry, { kind: "outcome" }>,
    eventTime: number,
    counted: boolean,
  ): void {
    const command = customer.commands.get(commandId);
    if (!command) return;
    const { journey, action, at } = command;
    if (channel === "agent" && outcome === "delivered") {
      customer.lastCase = { journey, action, at: eventTime };
      if (counted) for (const cell of this.#at(customer, { journey, action, channel })) cell.cases++;
    }
    if (!counted || !command.counts) return;
    for (const cell of this.#at(customer, { journey, action, channel })) {
      cell.outcome(outcome);
      if (outcome === "delivered") cell.toDelivery.add(eventTime - at);
    }
    // A channel that was tried before another did it has failed.
    if (isTerminal(outcome)) for (const t of tried) this.#cell("channel", t.channel).outcome("failed");
    if (!RESPONSES.has(outcome) || command.responded) return;
    command.responded = true;
    for (const cell of this.#at(customer, command)) cell.nthResponses[command.nth]!++;
  }

  /** Counted for every journey of the customer that is open. */
  #application(customer: Customer, { event }: AuditRecord): void {
    const result = APPLICATION[event.type];
    if (result === undefined) return;
    for (const cell of this.#at(customer, {})) cell[result]++;
    for (const journey of new Set([...customer.journeys.values()].map((j) => j.journey)))
      this.#cell("journey", journey)[result]++;
  }

  #at(customer: Customer, { journey, action, channel }: Place): KpiCell[] {
    const found = [this.#cell("all", "all"), this.#cell("segment", this.#segment(customer.segment))];
    if (journey !== undefined) found.push(this.#cell("journey", journey));
    if (action !== undefined) found.push(this.#cell("action", action));
    if (channel !== undefined) found.push(this.#cell("channel", channel));
    return found;
  }

  #cell(dimension: KpiDimension, value: string): KpiCell {
    const cells = this.#cells[dimension];
    let cell = cells.get(value);
    if (!cell) cells.set(value, (cell = new KpiCell()));
    return cell;
  }

  /** Values come from outside: so many are told apart, and no more. */
  #segment(value: string): string {
    return this.#cells.segment.has(value) || this.#cells.segment.size < MAX_GROUPS ? value : OTHER;
  }

  #customer(id: string): Customer {
    let customer = this.#customers.get(id);
    const { maxCustomers } = this.options;
    if (customer && maxCustomers === undefined) return customer;
    customer ??= {
      n: 0,
      segment: UNKNOWN,
      contacts: 0,
      commands: new Map(),
      journeys: new Map(),
      perCell: new Map(),
      lastContact: undefined,
      lastCase: undefined,
    };
    if (maxCustomers !== undefined) remember(this.#customers, id, customer, maxCustomers);
    else this.#customers.set(id, customer);
    return customer;
  }
}

function isOptOut(change: ProfileChangeEntry): boolean {
  if (change.what === "consent") return !change.granted;
  return change.what === "hold" && change.placed && change.hold === "opt-out";
}

/** Puts it last; beyond `most` the first one goes. */
function remember<V>(map: Map<string, V>, key: string, value: V, most: number): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= most) return;
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}
