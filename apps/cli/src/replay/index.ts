export {
  filePositionStore,
  memoryPositionStore,
  type PositionStore,
  type ReplayPosition,
} from "./position-store.js";
export {
  replayEvents,
  ReplayMismatch,
  type ReplayOptions,
  type ReplayProgress,
  type ReplayResult,
} from "./replay-events.js";
