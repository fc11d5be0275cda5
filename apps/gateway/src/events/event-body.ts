/**
 * The three content modes of CloudEvents over HTTP (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md):
 * structured, batched, and binary (attributes as `ce-*` headers). Answers the envelopes as parsed JSON, not yet checked.
 */
import { MAX_EVENT_BYTES } from "#contracts";
import { ProblemError } from "../problem.js";

export interface HttpBody {
  /** Lower-case names, as Node gives them. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

export interface Envelope {
  /** JSON pointer to it in the body. */
  readonly pointer: string;
  readonly value: unknown;
}

export interface BatchLimits {
  readonly maxEvents: number;
}

const STRUCTURED = "application/cloudevents+json";
const BATCHED = "application/cloudevents-batch+json";
const JSON_TYPE = "application/json";
const BINARY_MARKS = ["ce-specversion", "ce-id", "ce-type", "ce-source"];
const ATTRIBUTE = /^ce-([a-z0-9]{1,64})$/;

/** Throws a problem when the content type is not read here or the body is not JSON. */
export function readEnvelopes(request: HttpBody, limits: BatchLimits): Envelope[] {
  const type = jsonMediaType(request, [STRUCTURED, BATCHED, JSON_TYPE], true);
  if (type === BATCHED) return batch(parseJson(request.body), limits);
  const isBinary = type !== STRUCTURED && BINARY_MARKS.some((name) => request.headers[name] !== undefined);
  if (isBinary) return [binary(request)];
  if (type !== STRUCTURED && type !== JSON_TYPE) throw unsupported();
  const value = parseJson(request.body);
  if (Array.isArray(value) && type === JSON_TYPE) return batch(value, limits);
  refuseLarge(request.body);
  return [{ pointer: "", value }];
}

/** The body of an ordinary JSON route. */
export function readJson(request: HttpBody): unknown {
  jsonMediaType(request, [JSON_TYPE], false);
  refuseLarge(request.body);
  return parseJson(request.body);
}

/** The same for a route whose body may be as large as the gateway takes. */
export function readLargeJson(request: HttpBody): unknown {
  jsonMediaType(request, [JSON_TYPE], false);
  return parseJson(request.body);
}

export function refuseLarge(body: Buffer): void {
  if (body.byteLength > MAX_EVENT_BYTES) {
    throw new ProblemError("too-large", `An event may have ${MAX_EVENT_BYTES} bytes, envelope included.`);
  }
}

function unsupported(
  detail = "Send application/cloudevents+json, application/cloudevents-batch+json or application/json.",
): ProblemError {
  return new ProblemError("unsupported-media-type", detail);
}

function jsonMediaType(request: HttpBody, known: readonly string[], anyJson: boolean): string {
  const encoding = request.headers["content-encoding"];
  if (encoding !== undefined && encoding !== "identity")
    throw unsupported("Send the body without a content encoding.");
  const [type = "", ...parameters] = String(request.headers["content-type"] ?? "")
    .toLowerCase()
    .split(";")
    .map((p) => p.trim());
  if (!known.includes(type) && !(anyJson && /^application\/[a-z0-9.-]+\+json$/.test(type))) {
    throw unsupported(`Send ${known.join(", ")}.`);
  }
  const charset = parameters
    .find((p) => p.startsWith("charset="))
    ?.slice("charset=".length)
    .replaceAll('"', "");
  if (charset !== undefined && charset !== "utf-8" && charset !== "utf8")
    throw unsupported("JSON is read as UTF-8.");
  return type;
}

/** Throws a problem. */
export function parseJson(body: Buffer): unknown {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(body);
  } catch {
    throw new ProblemError("malformed-json", "The body is not UTF-8.");
  }
  if (text.trim() === "") throw new ProblemError("malformed-json", "The body is empty.");
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    // V8's message quotes the text around the fault; the position alone says where.
    const position = /position (\d+)/.exec((error as Error).message)?.[1];
    throw new ProblemError(
      "malformed-json",
      `The body is not valid JSON${position ? ` (at character ${position})` : ""}.`,
    );
  }
}

function batch(value: unknown, limits: BatchLimits): Envelope[] {
  if (!Array.isArray(value)) {
    throw new ProblemError("not-a-cloudevent", "A batch is a JSON array of CloudEvents.", {
      errors: [{ pointer: "", code: "not_a_cloudevent", detail: "expected array" }],
    });
  }
  if (value.length > limits.maxEvents) {
    throw new ProblemError("too-large", `A batch may have ${limits.maxEvents} events.`);
  }
  return value.map((v: unknown, i) => ({ pointer: `/${i}`, value: v }));
}

function binary(request: HttpBody): Envelope {
  refuseLarge(request.body);
  const value: Record<string, unknown> = {};
  for (const [name, raw] of Object.entries(request.headers)) {
    const attribute = ATTRIBUTE.exec(name)?.[1];
    if (attribute === undefined || attribute === "data" || attribute === "datacontenttype") continue;
    value[attribute] = percentDecoded(attribute, String(raw));
  }
  if (request.body.byteLength > 0) {
    value["datacontenttype"] = String(request.headers["content-type"]);
    value["data"] = parseJson(request.body);
  }
  return { pointer: "", value };
}

function percentDecoded(attribute: string, text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new ProblemError("not-a-cloudevent", "A ce-* header is not valid percent-encoding.", {
      errors: [
        { pointer: `/${attribute}`, code: "not_a_cloudevent", detail: "is not valid percent-encoded UTF-8" },
      ],
    });
  }
}
