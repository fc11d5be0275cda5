/** Logs: one JSON object per line on standard output, carrying the ids of the trace that they belong to. */
import { createRequire } from "node:module";
import { pino, type DestinationStream, type Logger, type LoggerOptions } from "pino";
import { activeTrace } from "./tracing.js";

export type { Logger };

export interface CreateLoggerOptions {
  readonly service: string;
  readonly level?: string;
  /** For eyes instead of machines, as `npm start` asks for. */
  readonly pretty?: boolean;
  /** Where the lines go, instead of standard output. */
  readonly destination?: DestinationStream;
}

function traceIds(): object {
  const trace = activeTrace();
  return trace ? { trace_id: trace.traceId, span_id: trace.spanId } : {};
}

/** JSON logs on standard output. Never log personal data; customer ids only at level debug. */
export function createLogger(options: CreateLoggerOptions): Logger {
  const settings: LoggerOptions = {
    level: options.level ?? "info",
    base: { service: options.service },
    mixin: traceIds,
  };
  const destination = options.destination ?? pino.destination({ fd: 1, sync: true });
  return pino(
    settings,
    options.pretty
      ? prettyStream(destination, options.destination === undefined && process.stdout.isTTY === true)
      : destination,
  );
}

function prettyStream(destination: DestinationStream, colorize: boolean): DestinationStream {
  // Loaded only when asked for; in this process and synchronous, so that the last lines before an exit are not lost.
  const require = createRequire(import.meta.url);
  const { prettyFactory } = require("pino-pretty") as typeof import("pino-pretty");
  const format = prettyFactory({
    colorize,
    translateTime: "SYS:HH:MM:ss.l",
    messageFormat: "{service}: {msg}",
    ignore: "pid,hostname,service,trace_id,span_id",
  });
  return { write: (line) => destination.write(format(line)) };
}
