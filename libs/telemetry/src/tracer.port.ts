/** What `span` needs of a tracer, and what a tracer is made from. */
import type { HeaderGetter, TraceHeaders } from "./trace-context.js";

export type SpanKind = "producer" | "consumer" | "client" | "server" | "internal";

export interface SpanOptions {
  readonly kind?: SpanKind;
  /**
   * Where the parent's trace context is read from; a message without one starts a new trace. Without a getter
   * the active span is the parent.
   */
  readonly parent?: HeaderGetter;
  /** Template names and codes only; never ids of customers or personal data. */
  readonly attributes?: Readonly<Record<string, string | number | boolean>>;
}

export interface ActiveTrace {
  readonly traceId: string;
  readonly spanId: string;
}

/** What stands behind `span` while tracing is on. */
export interface Tracer {
  span<T>(name: string, options: SpanOptions, work: (headers: TraceHeaders) => Promise<T>): Promise<T>;
  active(): ActiveTrace | undefined;
  shutdown(): Promise<void>;
}

export interface ExportLog {
  warn(fields: object, message: string): void;
}

export interface TelemetryOptions {
  /** `service.name` of the resource. */
  readonly service: string;
  /** Base URL of an OTLP/HTTP collector, e.g. `http://127.0.0.1:4318`; `/v1/traces` is added. Without it, off. */
  readonly endpoint?: string | undefined;
  /** Share of the traces begun here that are recorded, 0 to 1; a trace begun elsewhere follows its caller. */
  readonly sampleRatio?: number;
  /** Told, at most once a minute, that spans could not be delivered. */
  readonly log?: ExportLog;
}
