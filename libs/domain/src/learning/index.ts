export type { DriftFinding } from "./drift.js";
export { effects, emptyModel, learn, newDrift, predict, type ModelState, type Prediction } from "./model.js";
export {
  PROTECTED_ATTRIBUTES,
  protectedAttribute,
  specProblems,
  type FeatureSpec,
  type FeatureValue,
  type Features,
  type ModelSpec,
} from "./model-spec.js";
export { drawn, type DrawBounds } from "./thompson.js";
