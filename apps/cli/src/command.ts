/** A command of `segue`. Each lives in a folder of its own and is listed in `main.ts`. */
export interface Command {
  /** One line for the list of commands. */
  readonly summary: string;
  /** Everything about it, for `segue <command> --help`. */
  readonly help: string;
  /** Runs it; answers the exit status: 0 done, 1 done and what was asked for does not hold, 2 not understood. */
  run(args: readonly string[]): Promise<number>;
}
