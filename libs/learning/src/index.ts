export * from "./followed-models.js";
export * from "./learner.js";
export * from "./learning-digest.js";
export * from "./model-metrics.js";
export * from "./model-store.js";
export * from "./replay-model.js";
export * from "./settled-orders.js";
