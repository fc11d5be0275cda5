/** What ends a run: Ctrl-C, SIGTERM, a closed terminal, or the end of the process that started this one. */
export interface StopSignal {
  readonly signal: AbortSignal;
  /** Stops as if Ctrl-C had been pressed; the error is why. */
  fail(error: Error): void;
  /** What `fail` was called with first. */
  readonly failure: Error | undefined;
}

/** One Ctrl-C may arrive several times: from the terminal, from npm, and from the script that started this process. */
const SAME_KEYSTROKE_MS = 700;

/** `onForce` is called at the second stop, which cannot wait. */
export function listenForStop(onForce: () => void, process_: NodeJS.Process = process): StopSignal {
  const controller = new AbortController();
  let firstAt: number | undefined;
  let failure: Error | undefined;
  const stop = (): void => {
    if (firstAt === undefined) {
      firstAt = Date.now();
      controller.abort();
    } else if (Date.now() - firstAt > SAME_KEYSTROKE_MS) {
      onForce();
    }
  };
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process_.on(name, stop);
  if (process_.connected) process_.on("disconnect", () => controller.abort());
  // A terminal or pipe that is gone is no reason to leave processes behind.
  for (const out of [process_.stdout, process_.stderr]) out.on("error", () => undefined);
  return {
    signal: controller.signal,
    fail(error) {
      failure ??= error;
      controller.abort();
    },
    get failure() {
      return failure;
    },
  };
}
