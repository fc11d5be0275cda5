import type { DecisionRecord } from "#contracts";
import type { CallContext } from "./policy.port.js";

/** The records cannot be written now. May pass. */
export class RecordsUnavailable extends Error {
  override readonly name = "RecordsUnavailable";
}

/** Where decisions are put on record. */
export abstract class DecisionRecords {
  /** Resolves once the record is stored; writing the same decision again changes nothing. Throws RecordsUnavailable. */
  abstract write(record: DecisionRecord, context: CallContext): Promise<void>;
}
