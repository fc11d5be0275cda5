export * from "./expressions.js";
export * from "./decision/index.js";
