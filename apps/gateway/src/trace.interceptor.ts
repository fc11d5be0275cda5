import type { CallHandler, ExecutionContext, NestInterceptor } from "@nestjs/common";
import type { FastifyRequest } from "fastify";
import { from, lastValueFrom, type Observable } from "rxjs";
import { span } from "#telemetry";
import { ProblemError } from "./problem.js";

/**
 * A server span per API request, named by method and route template, with the caller's `traceparent` as its
 * parent. A refused request is no failure of the server, so its span is not marked as one.
 */
export class TraceInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const route = request.routeOptions.url ?? "";
    if (!route.startsWith("/v1/")) return next.handle();
    const parent = (name: string): string | undefined => {
      const value = request.headers[name.toLowerCase()];
      return Array.isArray(value) ? value[0] : value;
    };
    const attributes = { "http.request.method": request.method, "http.route": route };
    return from(this.#traced(`${request.method} ${route}`, parent, attributes, next));
  }

  async #traced(
    name: string,
    parent: (name: string) => string | undefined,
    attributes: Record<string, string>,
    next: CallHandler,
  ): Promise<unknown> {
    let refused: ProblemError | undefined;
    const answer = await span(name, { kind: "server", parent, attributes }, async () => {
      try {
        return await lastValueFrom(next.handle(), { defaultValue: undefined });
      } catch (error) {
        if (!(error instanceof ProblemError) || error.status >= 500) throw error;
        refused = error;
        return undefined;
      }
    });
    if (refused) throw refused;
    return answer;
  }
}
