export { definitionDigest, textDigest } from "./definition-digest.js";
export { DefinitionError, formatProblem, type Problem } from "./definition-error.js";
export {
  checkExpression,
  compileCondition,
  compileValue,
  createExpressions,
  ExpressionInvalid,
  type Expression,
  type ExpressionKind,
  type ExpressionProblem,
  type ExpressionScope,
  type ValueExpression,
} from "./expressions.js";
export { FOLDERS, type DefinitionKind, type ReadOptions } from "./definition-set.js";
export { type Source } from "./definition-file.js";
export { type Surroundings } from "./journey-checks.js";
export { didYouMean } from "./suggestion.js";
export {
  readSurroundings,
  validateDefinitions,
  validateJourney,
  type FolderValidation,
  type JourneyValidation,
  type Validation,
} from "./validate.js";
export { readJourney } from "./journey-text.js";
export {
  catalogueOf,
  loadCatalogue,
  loadCatalogues,
  loadDefinitions,
  loadJourneys,
  loadPolicyPacks,
  type Definitions,
} from "./load.js";
