export * from "./expressions.js";
