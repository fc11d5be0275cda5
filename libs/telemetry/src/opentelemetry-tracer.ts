/**
 * The tracer that records: OpenTelemetry's SDK, exporting OTLP (http/protobuf) in batches.
 *
 * The SDK's parts are loaded when a tracer is made and not before: a process without tracing pays nothing for
 * them. They are CommonJS, so that loading them is synchronous and the first message is traced already.
 * `sdk-node` is left out on purpose: it brings gRPC, metrics and logs along, and takes a second to load.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { randomUUID } from "node:crypto";
import { createRequire } from "node:module";
import type { Context, DiagLogger, Span, SpanKind as OtelSpanKind } from "@opentelemetry/api";
import {
  formatTraceparent,
  parseTraceparent,
  type HeaderGetter,
  type TraceHeaders,
} from "./trace-context.js";
import type { ExportLog, SpanKind, SpanOptions, TelemetryOptions, Tracer } from "./tracer.port.js";

/**
 * A collector that is away must not hold up a stopping service, which has 10 seconds in all: the last export gives
 * up by itself (its retries included), and the shutdown does not wait longer even if it should not.
 */
const EXPORT_TIMEOUT_MS = 2_500;
const SHUTDOWN_WITHIN_MS = 3_000;
const WARN_EVERY_MS = 60_000;

const KINDS: Readonly<Record<SpanKind, OtelSpanKind>> = {
  internal: 0,
  server: 1,
  client: 2,
  producer: 3,
  consumer: 4,
};

/** `http://collector:4318` → `http://collector:4318/v1/traces`, as OTEL_EXPORTER_OTLP_ENDPOINT is defined. */
export function tracesUrl(endpoint: string): string {
  const base = endpoint.replace(/\/+$/, "");
  if (!URL.canParse(base) || !/^https?:$/.test(new URL(base).protocol)) {
    throw new Error(
      `OTEL_EXPORTER_OTLP_ENDPOINT is ${JSON.stringify(endpoint)}: use the base URL of an OTLP/HTTP collector, such as http://127.0.0.1:4318`,
    );
  }
  return base.endsWith("/v1/traces") ? base : `${base}/v1/traces`;
}

export function openTelemetryTracer(options: TelemetryOptions & { readonly endpoint: string }): Tracer {
  const url = tracesUrl(options.endpoint);
  const require = createRequire(import.meta.url);
  const api = require("@opentelemetry/api") as typeof import("@opentelemetry/api");
  const sdk = require("@opentelemetry/sdk-trace") as typeof import("@opentelemetry/sdk-trace");
  const otlp =
    require("@opentelemetry/exporter-trace-otlp-proto") as typeof import("@opentelemetry/exporter-trace-otlp-proto");
  const resources = require("@opentelemetry/resources") as typeof import("@opentelemetry/resources");
  const semantic =
    require("@opentelemetry/semantic-conventions") as typeof import("@opentelemetry/semantic-conventions");

  const { log } = options;
  const diagnostics = log && exportDiagnostics(log);
  if (diagnostics)
    api.diag.setLogger(diagnostics, { logLevel: api.DiagLogLevel.ERROR, suppressOverrideMessage: true });

  const provider = new sdk.TracerProvider({
    resource: resources.resourceFromAttributes({
      [semantic.ATTR_SERVICE_NAME]: options.service,
      [semantic.ATTR_SERVICE_INSTANCE_ID]: randomUUID(),
    }),
    sampler: new sdk.ParentBasedSampler({ root: new sdk.TraceIdRatioBasedSampler(options.sampleRatio ?? 1) }),
    spanProcessors: [
      new sdk.BatchSpanProcessor({
        exporter: new otlp.OTLPTraceExporter({ url, timeoutMillis: EXPORT_TIMEOUT_MS }),
      }),
    ],
  });
  const tracer = provider.getTracer("segue");
  const active = new AsyncLocalStorage<Context>();

  const remoteParent = (get: HeaderGetter): Context => {
    const parent = parseTraceparent(get("traceparent"));
    if (!parent) return api.ROOT_CONTEXT;
    const state = get("tracestate");
    return api.trace.setSpanContext(api.ROOT_CONTEXT, {
      traceId: parent.traceId,
      spanId: parent.spanId,
      traceFlags: parent.flags & api.TraceFlags.SAMPLED,
      isRemote: true,
      ...(state ? { traceState: api.createTraceState(state) } : {}),
    });
  };

  const headersOf = (span: Span): TraceHeaders => {
    const { traceId, spanId, traceFlags, traceState } = span.spanContext();
    const traceparent = formatTraceparent({ traceId, spanId, flags: traceFlags });
    const tracestate = traceState?.serialize();
    return tracestate ? { traceparent, tracestate } : { traceparent };
  };

  const run = async <T>(
    name: string,
    o: SpanOptions,
    work: (headers: TraceHeaders) => Promise<T>,
  ): Promise<T> => {
    const parent = o.parent ? remoteParent(o.parent) : (active.getStore() ?? api.ROOT_CONTEXT);
    const started = tracer.startSpan(
      name,
      { kind: KINDS[o.kind ?? "internal"], ...(o.attributes ? { attributes: o.attributes } : {}) },
      parent,
    );
    try {
      return await active.run(api.trace.setSpan(parent, started), work, headersOf(started));
    } catch (error) {
      const codes = errorCodes(error);
      started.addEvent("exception", { [semantic.ATTR_EXCEPTION_TYPE]: codes.name });
      started.setAttribute(semantic.ATTR_ERROR_TYPE, codes.code ?? codes.name);
      started.setStatus({ code: api.SpanStatusCode.ERROR });
      throw error;
    } finally {
      started.end();
    }
  };

  return {
    span: run,
    active() {
      const context = active.getStore();
      return context && api.trace.getSpanContext(context);
    },
    async shutdown() {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, SHUTDOWN_WITHIN_MS);
      });
      const delivered = provider.shutdown().catch((error: unknown) => diagnostics?.error(String(error)));
      await Promise.race([delivered, late]);
      clearTimeout(timer);
      if (diagnostics) api.diag.disable();
    },
  };
}

const CODE = /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/;

/**
 * What may be told of an error outside the process: its class and its code. Messages and stacks stay here, for
 * they quote what was being handled.
 */
export function errorCodes(error: unknown): { readonly name: string; readonly code?: string } {
  const { name, code } = (typeof error === "object" && error !== null ? error : {}) as {
    name?: unknown;
    code?: unknown;
  };
  const safe = (value: unknown): value is string => typeof value === "string" && CODE.test(value);
  return {
    name: safe(name) ? name : "Error",
    ...(Number.isSafeInteger(code) ? { code: String(code) } : safe(code) ? { code } : {}),
  };
}

/** The SDK's complaints (a collector that is away, or that refuses), at most one a minute. */
function exportDiagnostics(log: ExportLog): DiagLogger {
  let next = 0;
  const ignore = (): void => undefined;
  const warn = (message: string): void => {
    const now = performance.now();
    if (now < next) return;
    next = now + WARN_EVERY_MS;
    log.warn({ diagnostic: message.slice(0, 500) }, "traces could not be delivered");
  };
  return { error: warn, warn: ignore, info: ignore, debug: ignore, verbose: ignore };
}
