export { targetText } from "./control-changes.js";
export { CatalogueMissing, checkAgainst, readCheckedSurroundings } from "./definition-check.js";
export { DefinitionsBucket } from "./definitions-bucket.js";
export { checkGovernanceChain, definitionText, digestOf, governanceHash } from "./governance-chain.js";
export { foldControls, foldRelease, unreleased } from "./governance-fold.js";
export { installJourneys, type Installed } from "./installation.js";
export {
  JourneyRegistry,
  type By,
  type Check,
  type ControlsResult,
  type Gate,
  type PublishWishes,
  type RegistryPorts,
  type ReleaseResult,
} from "./journey-registry.js";
export { liveJourneys } from "./live-journeys.js";
export { followPublished, readPublished, type Published } from "./published.js";
export { isPublished, REFUSALS, sharesAt, type RefusalCode, type Refused } from "./release-changes.js";
