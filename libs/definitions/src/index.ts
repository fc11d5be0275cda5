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
export {
  catalogueOf,
  loadCatalogue,
  loadCatalogues,
  loadDefinitions,
  loadJourneys,
  loadPolicyPacks,
  type Definitions,
} from "./load.js";
