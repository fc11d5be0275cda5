export { definitionDigest, textDigest } from "./definition-digest.js";
export { DefinitionError, formatProblem, type Problem } from "./definition-error.js";
export {
  checkExpression,
  compileCondition,
  compileScalar,
  compileValue,
  createExpressions,
  ExpressionInvalid,
  type Expression,
  type ExpressionKind,
  type ExpressionProblem,
  type ExpressionScope,
  type KnownWindows,
  type ValueExpression,
} from "./expressions.js";
export { diagramOf, type Diagram } from "./diagram/diagram-model.js";
export { mermaidOf } from "./diagram/mermaid.js";
export { svgOf } from "./diagram/svg.js";
export { FOLDERS, type DefinitionKind, type ReadOptions } from "./definition-set.js";
export { type Source } from "./definition-file.js";
export { type Surroundings } from "./journey-checks.js";
export { didYouMean } from "./suggestion.js";
export {
  readActions,
  readJourneys,
  readSurroundings,
  validateDefinitions,
  validateJourney,
  validatePublication,
  type PublicationValidation,
  type FolderValidation,
  type JourneyValidation,
  type Validation,
} from "./validate.js";
export { journeysReference } from "./journeys-reference.js";
export { withPolicyTable } from "./policy-table.js";
export {
  catalogueOf,
  loadCatalogue,
  loadCatalogues,
  loadDefinitions,
  loadExperiments,
  loadFairness,
  loadJourneys,
  loadModels,
  loadPolicyPacks,
  loadSignals,
  withExperiments,
  type Definitions,
} from "./load.js";
