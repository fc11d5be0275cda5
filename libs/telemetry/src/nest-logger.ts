/** Nest's messages in the process's own log. */
import type { LoggerService } from "@nestjs/common";
import type { Logger } from "pino";

/** Contexts in which Nest tells how it wires itself: of use only to someone who looks for that. */
const FRAMEWORK = new Set([
  "InstanceLoader",
  "LazyModuleLoader",
  "MiddlewareModule",
  "NestApplication",
  "NestApplicationContext",
  "NestFactory",
  "NestMicroservice",
  "PackageLoader",
  "RouterExplorer",
  "RoutesResolver",
  "WebSocketsController",
]);

type Level = "trace" | "debug" | "info" | "warn" | "error" | "fatal";

/**
 * Nest's LoggerService on top of pino: `NestFactory.create(Module, { logger: new NestLogger(log) })`. What the
 * framework says at level `log` about its own wiring goes to `debug`; its warnings and errors keep their level.
 */
export class NestLogger implements LoggerService {
  readonly #log: Logger;

  constructor(log: Logger) {
    this.#log = log;
  }

  log(message: unknown, ...rest: unknown[]): void {
    this.#write("info", message, rest);
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.#write("warn", message, rest);
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.#write("error", message, rest);
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.#write("fatal", message, rest);
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.#write("debug", message, rest);
  }

  verbose(message: unknown, ...rest: unknown[]): void {
    this.#write("trace", message, rest);
  }

  /** Nest's calling convention: message, further messages or (for errors) a stack, and at the end the context. */
  #write(level: Level, message: unknown, rest: readonly unknown[]): void {
    const last = rest.at(-1);
    const context = typeof last === "string" && !isStack(last) ? last : undefined;
    const stack = rest.find((r): r is string => typeof r === "string" && isStack(r));
    const others = rest.filter(
      (r) => r !== stack && !(r === last && context !== undefined) && r !== undefined,
    );
    const at: Level = level === "info" && context !== undefined && FRAMEWORK.has(context) ? "debug" : level;
    if (!this.#log.isLevelEnabled(at)) return;
    const fields: Record<string, unknown> = {};
    if (context !== undefined) fields["context"] = context;
    if (message instanceof Error) fields["stack"] = message.stack;
    else if (stack !== undefined) fields["stack"] = stack;
    if (others.length > 0) fields["details"] = others;
    this.#log[at](fields, textOf(message));
  }
}

function isStack(text: string): boolean {
  return /\n\s+at /.test(text);
}

function textOf(message: unknown): string {
  if (typeof message === "string") return message;
  if (message instanceof Error) return message.message;
  return JSON.stringify(message) ?? String(message);
}
