export {
  startOtlpReceiver,
  type OtlpReceiver,
  type ReceivedSpan,
  type SpanKindName,
} from "./otlp-receiver.js";
export * from "./servers.js";
export * from "./any-journeys.js";
export * from "./journey-specification.js";
export * from "./large-catalogue.js";
export * from "./services.js";
export * from "./rpc-responder.js";
export * from "./pause.js";
export * from "./tcp-proxy.js";
export * from "./seeded-random.js";
