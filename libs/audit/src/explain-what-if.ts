/** A changed fact of a decision as the condition of a sentence. */
import type { DecisionRecord, PolicyPackDefinition } from "#contracts";
import type { Fact } from "#domain";
import { capInWords, capOf } from "./explain-policy.js";
import { rounded, roundedUp, timeThere } from "./words.js";

/** The fact as the condition of a sentence, with the numbers and times of this decision. */
export function factInWords(
  fact: Fact,
  packs: readonly PolicyPackDefinition[],
  record: DecisionRecord,
): string {
  switch (fact.kind) {
    case "consent":
      return `consent for ${fact.purpose} over ${fact.channel} had been ${fact.granted ? "given" : "refused"}`;
    case "hold":
      return fact.present
        ? `there had been ${/^[aeiou]/.test(fact.hold) ? "an" : "a"} ${fact.hold} hold`
        : `there had been no ${fact.hold} hold`;
    case "cap": {
      const cap = capOf(fact.rule, packs, record);
      return `the cap ${cap ? `${capInWords(cap)} ` : ""}had not been reached (rule ${fact.rule})`;
    }
    case "limit": {
      const [, action, what] = fact.rule.split("/");
      return `the ${what} of ${action} had had room (rule ${fact.rule})`;
    }
    case "kill-switch":
      return "the kill switch had been released";
    case "time":
      return `it had been asked at ${timeThere(fact.at, record.request.profile.timezone)}`;
    case "timezone":
      return `the customer's time zone had been on record (${fact.timezone} was taken)`;
    case "condition":
      return `${fact.action} had met its ${fact.stage} condition (${fact.expression.trim()})`;
    case "propensity":
      return `the propensity of ${fact.action} had been at least ${roundedUp(fact.needed)} (it was ${rounded(fact.had)})`;
    case "value":
      return `${fact.action} had had a value of at least ${roundedUp(fact.needed)} (it had ${rounded(fact.had)})`;
    case "factor-off":
      return `the factor ${fact.factor} had been switched off`;
    case "not-said":
      return `${fact.action} had not been said lately`;
    case "diversity":
      return "marketing had been free to repeat itself";
    case "control-group":
      return `the customer had not been in the control group of experiment ${fact.experiment}`;
    case "channels":
      return "every channel had been open to the step";
    case "not-a-candidate":
      return `${fact.action} had not been on offer`;
  }
}
