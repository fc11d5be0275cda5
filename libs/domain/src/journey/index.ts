export * from "./definitions.js";
export * from "./step.js";
