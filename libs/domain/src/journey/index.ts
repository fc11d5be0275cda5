export * from "./definitions.js";
export { answer, step } from "./step.js";
export type { Intent, NoAnswer, Turn } from "./turn.js";
