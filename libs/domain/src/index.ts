export * from "./context/index.js";
export * from "./expressions.js";
export * from "./journey/index.js";
