export * from "./caps.js";
export * from "./evaluate.js";
export * from "./judge.js";
export * from "./profile.js";
export * from "./quiet-hours.js";
export * from "./rules.js";
export * from "./settlement.js";
export * from "./stopped.js";
