export * from "./context.js";
export * from "./fingerprint.js";
