export * from "./retry-limits.js";
