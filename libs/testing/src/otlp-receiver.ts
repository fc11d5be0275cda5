/**
 * A collector for tests: takes OTLP over HTTP (protobuf, also gzipped) and hands out the spans. It decodes the
 * few fields it needs by itself (https://github.com/open-telemetry/opentelemetry-proto, trace/v1), so that a
 * test reads what really went over the wire.
 */
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import { readProtobuf, type ProtobufField } from "./protobuf-reader.js";

export type SpanKindName = "unspecified" | "internal" | "server" | "client" | "producer" | "consumer";

export interface ReceivedSpan {
  /** Lower-case hex. */
  readonly traceId: string;
  readonly spanId: string;
  /** Absent for a root. */
  readonly parentSpanId?: string;
  readonly name: string;
  /** `service.name` of the resource. */
  readonly service: string;
  readonly kind: SpanKindName;
  readonly attributes: Record<string, unknown>;
  readonly events: ReadonlyArray<{ readonly name: string; readonly attributes: Record<string, unknown> }>;
  /** 0 unset, 1 ok, 2 error. */
  readonly statusCode: number;
}

export interface OtlpReceiver {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  readonly url: string;
  /** Everything received so far, in order of arrival. */
  spans(): ReadonlyArray<ReceivedSpan>;
  /** Whether this text stands anywhere in the bytes received: names, attributes, messages. */
  contains(text: string): boolean;
  stop(): Promise<void>;
}

export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const bodies: Buffer[] = [];
  const spans: ReceivedSpan[] = [];
  const server = createServer((request, response) => {
    const answer = (status: number): void => {
      response.writeHead(status, { "content-type": "application/x-protobuf" }).end();
    };
    if (request.method !== "POST" || request.url !== "/v1/traces") return answer(404);
    if (request.headers["content-type"] !== "application/x-protobuf") return answer(415);
    bodyOf(request).then(
      (body) => {
        spans.push(...decodeExportRequest(body));
        bodies.push(body);
        answer(200);
      },
      () => answer(400),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans: () => spans,
    contains: (text) => bodies.some((body) => body.includes(text)),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  return request.headers["content-encoding"] === "gzip" ? gunzipSync(body) : body;
}

const KINDS: readonly SpanKindName[] = [
  "unspecified",
  "internal",
  "server",
  "client",
  "producer",
  "consumer",
];

/** Spans of an ExportTraceServiceRequest. Throws RangeError when it is not protobuf. */
export function decodeExportRequest(body: Buffer): ReceivedSpan[] {
  return all(readProtobuf(body), 1).flatMap((resourceSpans) => {
    const fields = readProtobuf(resourceSpans);
    const resource = all(fields, 1)[0];
    const service = resource ? attributesOf(readProtobuf(resource), 1)["service.name"] : undefined;
    return all(fields, 2)
      .flatMap((scopeSpans) => all(readProtobuf(scopeSpans), 2))
      .map((bytes) => spanOf(bytes, typeof service === "string" ? service : ""));
  });
}

function spanOf(bytes: Buffer, service: string): ReceivedSpan {
  const f = readProtobuf(bytes);
  const hex = (n: number): string => all(f, n)[0]?.toString("hex") ?? "";
  const parentSpanId = hex(4);
  const status = all(f, 15)[0];
  return {
    traceId: hex(1),
    spanId: hex(2),
    ...(/[^0]/.test(parentSpanId) ? { parentSpanId } : {}),
    name: all(f, 5)[0]?.toString("utf8") ?? "",
    service,
    kind: KINDS[Number(number(f, 6))] ?? "unspecified",
    attributes: attributesOf(f, 9),
    events: all(f, 11).map((event) => {
      const e = readProtobuf(event);
      return { name: all(e, 2)[0]?.toString("utf8") ?? "", attributes: attributesOf(e, 3) };
    }),
    statusCode: status ? Number(number(readProtobuf(status), 3)) : 0,
  };
}

/** Repeated KeyValue {1: key, 2: AnyValue}. */
function attributesOf(fields: readonly ProtobufField[], n: number): Record<string, unknown> {
  const pairs = all(fields, n).map((pair): [string, unknown] => {
    const kv = readProtobuf(pair);
    const value = all(kv, 2)[0];
    return [all(kv, 1)[0]?.toString("utf8") ?? "", value ? anyValue(value) : undefined];
  });
  return Object.fromEntries(pairs);
}

/** AnyValue: one of 1 string, 2 bool, 3 int, 4 double, 5 array, 6 key-value list, 7 bytes. */
function anyValue(bytes: Buffer): unknown {
  const [field] = readProtobuf(bytes);
  if (!field) return undefined;
  if (Buffer.isBuffer(field.value)) {
    if (field.number === 1) return field.value.toString("utf8");
    if (field.number === 4) return field.value.readDoubleLE();
    if (field.number === 5) return all(readProtobuf(field.value), 1).map(anyValue);
    if (field.number === 6) return attributesOf(readProtobuf(field.value), 1);
    return field.value;
  }
  return field.number === 2 ? field.value === 1n : Number(BigInt.asIntN(64, field.value));
}

function all(fields: readonly ProtobufField[], n: number): Buffer[] {
  return fields.flatMap((f) => (f.number === n && Buffer.isBuffer(f.value) ? [f.value] : []));
}

function number(fields: readonly ProtobufField[], n: number): bigint {
  const value = fields.find((f) => f.number === n)?.value;
  return typeof value === "bigint" ? value : 0n;
}
