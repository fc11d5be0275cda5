export {
  collectEvents,
  EventCollector,
  MAX_EVENTS,
  readNdjson,
  TooManyEvents,
  type RecordedEvents,
} from "./events.js";
export { gateV1, type GateDefinition } from "./gate.v1.js";
export { judgeByGate, passes, write, type GateVerdict } from "./gate.js";
export { responseModelV1, type ResponseModelDefinition } from "./response-model.js";
export {
  compareVersions,
  newestVersions,
  runAll,
  SimulationTooLong,
  type Installation,
  type SimulationInput,
  type SimulationResult,
} from "./simulate.js";
export {
  type CustomerEvents,
  type CustomerRun,
  type SimulatedContact,
  type SimulatedDecision,
} from "./simulate-customer.js";
export { type ChangeExample, type Difference } from "./difference.js";
export { heard, type RunTotals } from "./totals.js";
export { simulationGate, streamGate, type PublishGateParts, type StreamGateOptions } from "./publish-gate.js";
export { reportHtml } from "./report-html.js";
export { reportText, type Style } from "./report-text.js";
export { reportOf, type SimulationReport } from "./report.js";
export { readLiveJourneys, readRecordedEvents, type StreamRange } from "./stream-source.js";
export { FileUnusable, readGate, readResponses } from "./read-files.js";
export { compareInWorker } from "./simulate-in-worker.js";
