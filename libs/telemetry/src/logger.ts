import { pino, type Logger } from "pino";

export type { Logger };

/** JSON logs on standard output. Never log personal data; customer ids only at level debug. */
export function createLogger(options: { readonly service: string; readonly level?: string }): Logger {
  return pino({ name: options.service, level: options.level ?? "info", base: { service: options.service } });
}
