/** What a failed SMTP transaction means for the message (RFC 5321 §4.2.1, §4.5.4). */

export type SmtpFailure =
  /** The server refused it for good (5yz). */
  | { readonly kind: "rejected"; readonly reason: string }
  /** It certainly was not taken and may be tried again: 4yz, or no connection before the text was sent. */
  | { readonly kind: "again"; readonly reason: string }
  /** The connection was lost after the text had begun to leave: the server may have it. */
  | { readonly kind: "unknown"; readonly reason: string };

interface SmtpError {
  readonly responseCode?: unknown;
}

/** `dataSent`: the message's text had begun to leave. */
export function smtpFailureOf(error: unknown, dataSent: boolean): SmtpFailure {
  const code = (error as SmtpError | null)?.responseCode;
  // A reply says that the server has not taken it, even after the text.
  if (typeof code === "number" && code >= 500) return { kind: "rejected", reason: `smtp_${code}` };
  if (typeof code === "number" && code >= 400) return { kind: "again", reason: `smtp_${code}` };
  if (dataSent) return { kind: "unknown", reason: "connection_lost" };
  return { kind: "again", reason: "smtp_unreachable" };
}
