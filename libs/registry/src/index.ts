export { targetText } from "./control-changes.js";
export { CatalogueMissing, checkAgainst, checkAmong, readCheckedSurroundings } from "./definition-check.js";
export { DefinitionsBucket } from "./definitions-bucket.js";
export { checkGovernanceChain, definitionText, digestOf, governanceHash } from "./governance-chain.js";
export { foldControls, foldRelease, unreleased } from "./governance-fold.js";
export { CATALOGUES, JOURNEYS, POLICY_PACKS, type Governed } from "./governed.js";
export { followInForce, readInForce, timed, type InForce, type Timed } from "./in-force.js";
export { installDefinitions, installJourneys, type Installed } from "./installation.js";
export { JourneyRegistry, type ControlsResult, type RegistryPorts } from "./journey-registry.js";
export { liveJourneys } from "./live-journeys.js";
export { publishedFiles, type PublishedFilesOptions } from "./published-files.js";
export { followPublished, readPublished, type Published } from "./published.js";
export { isPublished, REFUSALS, sharesAt, type RefusalCode, type Refused } from "./release-changes.js";
export {
  ReleaseLog,
  type By,
  type Check,
  type Gate,
  type PublishWishes,
  type ReleasePorts,
  type ReleaseResult,
} from "./release-log.js";
