/**
 * Tracing through all hops: `span` around each piece of work, trace headers on everything that leaves.
 * Off (no endpoint) nothing of OpenTelemetry is loaded and `span` calls straight through.
 */
import { openTelemetryTracer } from "./opentelemetry-tracer.js";
import type { TraceHeaders } from "./trace-context.js";
import type { ActiveTrace, SpanOptions, TelemetryOptions, Tracer } from "./tracer.port.js";

export interface Telemetry {
  /** Delivers what is still held, within 3 seconds, and turns tracing off. */
  shutdown(): Promise<void>;
}

const NO_HEADERS: TraceHeaders = {};

let tracer: Tracer | undefined;

/**
 * Starts tracing to an OTLP endpoint (http/protobuf), or does nothing when there is none. Throws when the endpoint
 * is not an http(s) URL, and when the process is being traced already.
 */
export function startTelemetry(options: TelemetryOptions): Telemetry {
  const { endpoint } = options;
  if (endpoint === undefined || endpoint === "") return { shutdown: () => Promise.resolve() };
  if (tracer !== undefined)
    throw new Error("tracing is on already: shut the first telemetry down before starting another");
  const started = openTelemetryTracer({ ...options, endpoint });
  tracer = started;
  return {
    async shutdown() {
      if (tracer === started) tracer = undefined;
      await started.shutdown();
    },
  };
}

/** Runs `work` in a span; an exception marks the span as failed and is thrown on. */
export function span<T>(
  name: string,
  options: SpanOptions,
  work: (headers: TraceHeaders) => Promise<T>,
): Promise<T> {
  return tracer === undefined ? work(NO_HEADERS) : tracer.span(name, options, work);
}

/** Ids of the active span, for logs; `undefined` outside of spans and when tracing is off. */
export function activeTrace(): ActiveTrace | undefined {
  return tracer?.active();
}
