/**
 * The published contracts as JSON Schema. `docs/contracts/` holds a snapshot of each; a test compares them, so that no
 * contract changes unseen.
 */
import { z } from "zod";
import { auditRecordsV1 } from "./audit.v1.js";
import { catalogueV1 } from "./catalogue.v1.js";
import {
  cloudEventV1,
  consentChangedV1,
  customerRegisteredV1,
  holdLiftedV1,
  holdPlacedV1,
  messageReceivedV1,
} from "./cloud-event.v1.js";
import { commandV1 } from "./command.v1.js";
import { contextV1 } from "./context.v1.js";
import { decisionRecordsV1, decisionRunAnswerV1, decisionRunV1 } from "./decision.v1.js";
import { contactReportedV1 } from "./engagement.v1.js";
import { eventVocabularyV1 } from "./event-vocabulary.v1.js";
import { experimentV1 } from "./experiment.v1.js";
import { fairnessV1 } from "./fairness.v1.js";
import { controlsRecordV1, governanceRecordV1, releaseRecordV1 } from "./governance.v1.js";
import { journeyV1 } from "./journey.v1.js";
import { armV1, modelPositionV1 } from "./model-state.v1.js";
import { modelV1 } from "./model.v1.js";
import { limitEntryV1 } from "./limit.v1.js";
import { momentActV1, momentAnswerV1, momentReplyV1, momentTakenV1 } from "./moment.v1.js";
import { outcomeV1 } from "./outcome.v1.js";
import { policyPackV1 } from "./policy-pack.v1.js";
import { signalsV1 } from "./signals.v1.js";
import { evaluateRunReplyV1, evaluateRunV1, gateReplyV1, gateRequestV1 } from "./policy.v1.js";
import { tableV1 } from "./table.v1.js";

/** By the name of the snapshot, which carries the version. */
export const PUBLISHED_CONTRACTS: Readonly<Record<string, z.ZodType>> = {
  "audit-records.v1": auditRecordsV1,
  "catalogue.v1": catalogueV1,
  "cloud-event.v1": cloudEventV1,
  "command.v1": commandV1,
  "consent-changed.v1": consentChangedV1,
  "contact-reported.v1": contactReportedV1,
  "context.v1": contextV1,
  "controls.v1": controlsRecordV1,
  "customer-registered.v1": customerRegisteredV1,
  "decision-records.v1": decisionRecordsV1,
  "decision-run.v1": decisionRunV1,
  "decision-run-answer.v1": decisionRunAnswerV1,
  "event-vocabulary.v1": eventVocabularyV1,
  "experiment.v1": experimentV1,
  "fairness.v1": fairnessV1,
  "governance-record.v1": governanceRecordV1,
  "hold-lifted.v1": holdLiftedV1,
  "hold-placed.v1": holdPlacedV1,
  "journey.v1": journeyV1,
  "limit-entry.v1": limitEntryV1,
  "message-received.v1": messageReceivedV1,
  "model.v1": modelV1,
  "model-arm.v1": armV1,
  "model-position.v1": modelPositionV1,
  "moment-act.v1": momentActV1,
  "moment-answer.v1": momentAnswerV1,
  "moment-reply.v1": momentReplyV1,
  "moment-taken.v1": momentTakenV1,
  "outcome.v1": outcomeV1,
  "policy-evaluate-run-reply.v1": evaluateRunReplyV1,
  "policy-evaluate-run.v1": evaluateRunV1,
  "policy-gate-reply.v1": gateReplyV1,
  "policy-gate-request.v1": gateRequestV1,
  "policy-pack.v1": policyPackV1,
  "table.v1": tableV1,
  "signals.v1": signalsV1,
  "release.v1": releaseRecordV1,
};

/**
 * JSON Schema (draft 2020-12) of a published contract as its author or sender may write it: what has a default may be
 * left out. Rules that JSON Schema cannot say (the tokens of an event's type) are checked by the zod schema alone.
 */
export function contractJsonSchema(name: string): object {
  const schema = PUBLISHED_CONTRACTS[name];
  if (!schema) throw new Error(`there is no published contract ${JSON.stringify(name)}`);
  return z.toJSONSchema(schema, { target: "draft-2020-12", io: "input" });
}
