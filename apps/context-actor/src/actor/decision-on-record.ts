import { sha256 } from "#audit";
import type { DecisionAnswer, DecisionReply } from "#contracts";
import type { Question } from "./decision-run.js";

/** A decision as it goes on record. */
export interface DecisionOnRecord {
  readonly customerId: string;
  readonly decisionId: string;
  readonly reply: DecisionReply;
  /** A `DecisionRecord` as JSON, in the order of its fields (I9). */
  readonly text: string;
  /** SHA-256 (hex) of the text. */
  readonly digest: string;
}

/** What is needed to explain a decision and to compute it again, and the digest that binds it to the audit chain. */
export function onRecord(
  { customerId, decisionId, text: request }: Question,
  { reply, explanation }: DecisionAnswer,
): DecisionOnRecord {
  const text = `{"request":${request},"reply":${JSON.stringify(reply)},${explanation.slice(1)}`;
  return { customerId, decisionId, reply, text, digest: sha256(text) };
}
