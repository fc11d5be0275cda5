/**
 * What one turn of the event loop wants to send goes out together: a write to the socket, and the server's wake-up for it,
 * cost more than what is written. A turn ends once everything that one read from the sockets has brought was looked at,
 * so nothing waits for a clock.
 */
let due: (() => void)[] = [];

/** Calls `run` at the end of this turn, in the order of asking, together with all others. It must not throw. */
export function atEndOfTurn(run: () => void): void {
  if (due.length === 0) setImmediate(runAll);
  due.push(run);
}

function runAll(): void {
  const all = due;
  due = [];
  for (const run of all) run();
}
