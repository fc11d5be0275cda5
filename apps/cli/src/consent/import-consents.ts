/**
 * Tells the rows of a file as `consent.changed` events, each once: what is in the stream already is not told again, so that
 * an import that was broken off goes on when it is started anew. A row that cannot be taken is given back with the reason;
 * the others are told all the same.
 */
import type { NatsConnection } from "@nats-io/nats-core";
import { readProfileHistories } from "#audit";
import type { Clock } from "#clock";
import { eventTypes, type CloudEvent, type CustomerEvent } from "#contracts";
import { ProfileHistory } from "#domain";
import { replayEvents } from "../replay/index.js";
import { csvFields, IMPORT_SOURCE, readRow, rowId, type ConsentRow, type RowFormat } from "./consent-row.js";
import { recordsOf, type FileRecord } from "./records.js";

export interface ImportOptions {
  readonly nc: NatsConnection;
  readonly format: RowFormat;
  /** The file's text, cut anywhere. */
  readonly chunks: AsyncIterable<string> | Iterable<string>;
  readonly clock: Clock;
  /** Only checks. */
  readonly dryRun: boolean;
  /** Told of every row that is not taken. `header`: the line that the row needs above it. */
  readonly onRejected: (record: FileRecord, reason: string, header: string | undefined) => Promise<void>;
}

export interface ImportResult {
  readonly rows: number;
  readonly told: number;
  readonly already: number;
  readonly rejected: number;
}

/** Tells the rows that are not in the stream yet; each counts once in the result. Throws when the stream cannot be reached. */
export async function importConsents(options: ImportOptions): Promise<ImportResult> {
  const { nc, clock, dryRun } = options;
  const plan = new Plan(new Map(await readProfileHistories(nc, clock)), options);
  const events = plan.events();
  if (dryRun) for await (const _event of events) continue;
  else await replayEvents({ nc, events, clock });
  return plan.counts;
}

class Plan {
  readonly counts = { rows: 0, told: 0, already: 0, rejected: 0 };
  /** `customer\nid` → what the row says. */
  readonly #rows = new Map<string, string>();
  readonly #there = new Set<string>();
  /** Beyond every sequence of the stream: rows are folded in behind what is there. */
  #seq = Number.MAX_SAFE_INTEGER / 2;

  constructor(
    private readonly histories: Map<string, ProfileHistory>,
    private readonly options: ImportOptions,
  ) {
    for (const [customerId, { consentsTold }] of histories)
      for (const { event } of consentsTold)
        if (event.source === IMPORT_SOURCE) this.#there.add(`${customerId}\n${event.id}`);
  }

  async *events(): AsyncGenerator<CloudEvent> {
    const { format, chunks, onRejected } = this.options;
    let header: string | undefined;
    let columns: readonly string[] = [];
    for await (const record of recordsOf(chunks, format === "csv")) {
      if (format === "csv" && header === undefined) {
        header = record.text;
        columns = csvFields(header.replace(/^\uFEFF/, ""));
        continue;
      }
      this.counts.rows++;
      const read = readRow(record.text, format, columns);
      const taken = "row" in read ? this.#take(read.row) : read;
      if ("problem" in taken) {
        this.counts.rejected++;
        await onRejected(record, taken.problem, header);
      } else if (taken.event) {
        this.counts.told++;
        yield taken.event;
      } else this.counts.already++;
    }
  }

  /** The event of a row, none when it is there already. */
  #take(row: ConsentRow): { readonly event?: CloudEvent } | { readonly problem: string } {
    const { customerId, id: _id, ...data } = row;
    const id = rowId(row);
    const key = `${customerId}\n${id}`;
    const said = JSON.stringify(row);
    const before = this.#rows.get(key);
    if (before !== undefined && before !== said)
      return { problem: "id: another row of this customer has the same id" };
    if (before !== undefined || this.#there.has(key)) return {};
    this.#rows.set(key, said);
    let history = this.histories.get(customerId);
    if (!history) this.histories.set(customerId, (history = new ProfileHistory()));
    history.apply(this.#event(customerId, id, data));
    if (data.granted && history.consentsTold.at(-1)?.taken !== true)
      return { problem: "obtainedAt: a refusal on record may be younger; ask the customer anew" };
    return {
      event: {
        specversion: "1.0",
        id,
        source: IMPORT_SOURCE,
        type: eventTypes.consentChanged,
        subject: customerId,
        datacontenttype: "application/json",
        data,
      },
    };
  }

  #event(customerId: string, id: string, data: Record<string, unknown>): CustomerEvent {
    const time = this.options.clock.now();
    const type = eventTypes.consentChanged;
    return { id, source: IMPORT_SOURCE, type, customerId, time, data, seq: ++this.#seq };
  }
}
