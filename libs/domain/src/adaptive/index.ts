export * from "./arm.js";
export * from "./features.js";
export * from "./lesson.js";
export * from "./propensity.js";
export { performanceOf, together, type CalibrationGroup, type Performance, type Watch } from "./watch.js";
export { weightsOf, type Weight } from "./weights.js";
