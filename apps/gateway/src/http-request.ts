/** What the controllers read from a Fastify request. */
import type { FastifyRequest } from "fastify";
import { customerIdV1 } from "#contracts";
import { ProblemError } from "./problem.js";

export type GatewayRequest = FastifyRequest;

/** The raw body: the gateway registers a parser that only collects the bytes. */
export function bodyOf(request: GatewayRequest): Buffer {
  return Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
}

/** A header that is sent at most once. */
export function headerOf(request: GatewayRequest, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** The customer id of a path. Throws `unsafe-subject`. */
export function customerIdOf(text: string): string {
  const id = customerIdV1.safeParse(text);
  if (!id.success)
    throw new ProblemError("unsafe-subject", "A customer id is 1 to 64 characters of A-Z a-z 0-9 _ -.");
  return id.data;
}
