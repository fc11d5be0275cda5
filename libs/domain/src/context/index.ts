export * from "./protected.js";
export * from "./context.js";
export * from "./engagement.js";
export * from "./fingerprint.js";
