/** What stands in the way of each moment, and what must come of it all the same. */
import { paymentFailureCases } from "./payment-failure.js";
import { lendingCases } from "./lending.js";
import { crossSellCases } from "./cross-sell.js";
import { onboardingCases } from "./onboarding.js";
import { interceptionCases } from "./interception.js";
import type { Case } from "./events.js";

export const CASES: Readonly<Record<string, readonly Case[]>> = {
  "payment failure": paymentFailureCases,
  lending: lendingCases,
  "cross-sell": crossSellCases,
  onboarding: onboardingCases,
  interception: interceptionCases,
};
