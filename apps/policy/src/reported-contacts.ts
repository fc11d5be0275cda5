/** Contacts that other systems report, as the context actor writes them into its audit: the ledger has the same. */
import { contactReportedV1, reportedContactId } from "#contracts";
import { recordOfReported } from "./contact-record.js";
import type { StoredEvent } from "./stored-events.reader.js";

export interface Report {
  readonly id: string;
  readonly record: string;
}

/** Undefined for data that is none, which the context passes over too. */
export function reportOf(event: StoredEvent): Report | undefined {
  const parsed = contactReportedV1.safeParse(event.data);
  if (!parsed.success) return undefined;
  return {
    id: reportedContactId(event),
    record: recordOfReported({ ...parsed.data, at: event.time }),
  };
}
