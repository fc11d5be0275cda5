import { randomUUID } from "node:crypto";
import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from "@nestjs/common";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Logger } from "#telemetry";
import { API_ROUTES } from "./docs/api-routes.js";
import { problemBody, ProblemError } from "./problem.js";

/** Every error of a request leaves as problem details. What was not foreseen is logged and says nothing of itself. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly log: Pick<Logger, "error">) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    this.send(error, http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>());
  }

  send(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
    const problem = asProblem(error, request);
    if (problem.kind === "internal-error") {
      const route = request.routeOptions?.url ?? "unknown";
      this.log.error(
        { requestId: request.id, route, stack: error instanceof Error ? error.stack : String(error) },
        "a request failed",
      );
    }
    const { retryAfterS, allow } = problem.options;
    if (retryAfterS !== undefined) void reply.header("Retry-After", String(retryAfterS));
    if (allow !== undefined) void reply.header("Allow", allow.join(", "));
    void reply
      .status(problem.status)
      .header("Content-Type", "application/problem+json; charset=utf-8")
      .send(JSON.stringify(problemBody(problem, request.id)));
  }
}

/** Fastify and Nest raise their own errors before a handler runs. */
function asProblem(error: unknown, request: FastifyRequest): ProblemError {
  if (error instanceof ProblemError) return error;
  const status: number = error instanceof HttpException ? error.getStatus() : (statusOf(error) ?? 500);
  switch (status) {
    case 404: {
      const allow = methodsOf(request.url.split("?", 1)[0] ?? "");
      return allow.length > 0
        ? new ProblemError("method-not-allowed", `Allowed here: ${allow.join(", ")}.`, { allow })
        : new ProblemError("not-found", "There is nothing at this address; see /docs.");
    }
    case 413:
      return new ProblemError("too-large", "The body is larger than this route takes.", { cause: error });
    case 415:
      return new ProblemError(
        "unsupported-media-type",
        "Send application/cloudevents+json, application/cloudevents-batch+json or application/json.",
      );
    default:
      if (status >= 400 && status < 500) {
        return new ProblemError("invalid-request", "The request could not be read.", { cause: error });
      }
      return new ProblemError(
        "internal-error",
        "The gateway could not answer. Its log has the cause under this instance.",
        { cause: error },
      );
  }
}

function statusOf(error: unknown): number | undefined {
  return typeof error === "object" &&
    error !== null &&
    "statusCode" in error &&
    typeof error.statusCode === "number"
    ? error.statusCode
    : undefined;
}

/**
 * Answers what is not even an HTTP request to Node (headers too large, not HTTP, too slow) as a problem too, and closes
 * the connection: where the next request would start is not known.
 */
export function refuseConnection(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === "ECONNRESET" || socket.destroyed) return;
  const kind =
    error.code === "HPE_HEADER_OVERFLOW"
      ? "headers-too-large"
      : error.code === "ERR_HTTP_REQUEST_TIMEOUT"
        ? "request-timeout"
        : "invalid-request";
  const problem = new ProblemError(kind, "The request could not be read.", { cause: error });
  const body = JSON.stringify(problemBody(problem, randomUUID()));
  if (socket.writable) {
    socket.write(
      [
        `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
        "Content-Type: application/problem+json; charset=utf-8",
        `Content-Length: ${Buffer.byteLength(body)}`,
        "Connection: close",
        "",
        body,
      ].join("\r\n"),
    );
  }
  socket.destroySoon();
}

/** Methods of the API route at this path, if there is one. */
function methodsOf(path: string): string[] {
  const parts = path.split("/");
  return API_ROUTES.filter((route) => {
    const template = route.path.split("/");
    return (
      template.length === parts.length &&
      template.every((t, i) => (t.startsWith("{") ? parts[i] !== "" : t === parts[i]))
    );
  }).map((route) => route.method.toUpperCase());
}
