/** NATS headers of Segue. Read case-insensitively, written as here. */
export const headerNames = {
  traceparent: "traceparent",
  tracestate: "tracestate",
  /** Absolute wall-clock deadline of a request, epoch ms. */
  deadline: "Segue-Deadline",
  /** On a command: when the event that caused it was stored in EVT, wall-clock epoch ms. */
  eventStoredAt: "Segue-Event-Stored-At",
  /** On a context write: which commit this is, so that a writer knows its own after a lost acknowledgement. */
  commit: "Segue-Commit",
} as const;
