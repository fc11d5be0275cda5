export { createLogger, type CreateLoggerOptions, type Logger } from "./logger.js";
export { NestLogger } from "./nest-logger.js";
export { headerGetter, type HeaderGetter, type HeaderRecord, type TraceHeaders } from "./trace-context.js";
export type { SpanKind, SpanOptions, TelemetryOptions } from "./tracer.port.js";
export { span, startTelemetry, type Telemetry } from "./tracing.js";
