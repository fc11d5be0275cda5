export * from "./catalogue.js";
export * from "./conclude.js";
export * from "./funnel.js";
export * from "./money.js";
export * from "./replay.js";
export * from "./score.js";
export * from "./text.js";
export * from "./what-if.js";
