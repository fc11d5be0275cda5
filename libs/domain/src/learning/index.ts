export type { DriftFinding } from "./drift.js";
export { LEARNER } from "./members.js";
export {
  effects,
  emptyModel,
  learn,
  newDrift,
  predict,
  predictWithEffects,
  type Effect,
  type ModelState,
  type Prediction,
} from "./model.js";
export type { FeatureSpec, FeatureValue, Features, ModelSpec } from "./model-spec.js";
export { drawn, type DrawBounds } from "./thompson.js";
