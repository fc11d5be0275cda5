export {
  berkaEvents,
  berkaSummary,
  readBerkaEvents,
  type BerkaOptions,
  type BerkaSummary,
} from "./berka-events.js";
export { BERKA_SOURCE, customerOf } from "./ledger-events.js";
export { SCRIPTED_SOURCE } from "./scripted-events.js";
