export * from "./definitions.js";
export { ENGINE_VERSION } from "./flags.js";
export { asksAhead, type WaitingEvent } from "./asks-ahead.js";
export { answer, step } from "./step.js";
export type { Intent, NoAnswer, Turn } from "./turn.js";
export { checkMigration, type MigrationProblem } from "./migrate.js";
export { shareOf } from "./released.js";
