export * from "./adaptive/index.js";
export * from "./context/index.js";
export * from "./decision/index.js";
export * from "./expressions.js";
export * from "./journey/index.js";
export * from "./learning/index.js";
export * from "./policy/index.js";
export * from "./payment/index.js";
export { isCountry, isRegion } from "./time/candidate-zones.js";
