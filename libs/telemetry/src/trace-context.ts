/**
 * W3C Trace Context (https://www.w3.org/TR/trace-context/): reading `traceparent` and writing it, and reading
 * headers of any carrier. Names of headers are case-insensitive here, because NATS keeps them as they were sent.
 */
import type { MsgHdrs } from "@nats-io/nats-core";

/** Reads a header of the message or request that caused a span, by name, case-insensitively. */
export type HeaderGetter = (name: string) => string | undefined;

/** Headers that carry the trace context to the next hop; empty when tracing is off. */
export type TraceHeaders = Readonly<Record<string, string>>;

/** Headers as Node's HTTP server and Fastify hand them out. */
export type HeaderRecord = Readonly<Record<string, string | readonly string[] | undefined>>;

/** The caller's span: lower-case hex ids (32 and 16 characters) and the flags octet. */
export interface TraceParent {
  readonly traceId: string;
  readonly spanId: string;
  readonly flags: number;
}

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const ALL_ZERO = /^0+$/;

/** Parts of a `traceparent`, or `undefined` when it is not one; a broken one starts a new trace, as the spec asks. */
export function parseTraceparent(text: string | undefined): TraceParent | undefined {
  const m = text === undefined ? null : TRACEPARENT.exec(text.trim());
  if (!m) return undefined;
  const [, version, traceId, spanId, flags, rest] = m;
  // Later versions may append fields; version 00 may not, and ff is reserved.
  if (version === "ff" || (version === "00" && rest !== undefined)) return undefined;
  if (ALL_ZERO.test(traceId!) || ALL_ZERO.test(spanId!)) return undefined;
  return { traceId: traceId!, spanId: spanId!, flags: Number.parseInt(flags!, 16) };
}

/** `traceparent` of version 00. Of the flags only `sampled` is passed on; the others are not ours to vouch for. */
export function formatTraceparent({ traceId, spanId, flags }: TraceParent): string {
  return `00-${traceId}-${spanId}-0${flags & 1}`;
}

/** A getter over a NATS message's headers or over an HTTP request's; without headers, one that finds nothing. */
export function headerGetter(headers: MsgHdrs | HeaderRecord | undefined): HeaderGetter {
  if (headers === undefined) return () => undefined;
  return isMsgHdrs(headers) ? (name) => ofMessage(headers, name) : (name) => ofRecord(headers, name);
}

function isMsgHdrs(headers: MsgHdrs | HeaderRecord): headers is MsgHdrs {
  return typeof (headers as { keys?: unknown }).keys === "function";
}

function ofMessage(headers: MsgHdrs, name: string): string | undefined {
  const exact = headers.get(name);
  if (exact !== "") return exact;
  const wanted = name.toLowerCase();
  const key = headers.keys().find((k) => k.toLowerCase() === wanted);
  return key === undefined ? undefined : headers.get(key);
}

function ofRecord(headers: HeaderRecord, name: string): string | undefined {
  const wanted = name.toLowerCase();
  const key = Object.hasOwn(headers, wanted)
    ? wanted
    : Object.keys(headers).find((k) => k.toLowerCase() === wanted);
  const value = key === undefined ? undefined : headers[key];
  return typeof value === "string" ? value : value?.join(",");
}
