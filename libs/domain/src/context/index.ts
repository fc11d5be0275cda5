export * from "./protected.js";
export * from "./context.js";
export * from "./fingerprint.js";
