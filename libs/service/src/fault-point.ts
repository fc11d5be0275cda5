/**
 * Named places in the code at which a test lets the process die: `SEGUE_KILL_AT=actor.commit.after:7` kills it with
 * SIGKILL at the 7th pass (the first one without a number). Not armed, a point costs one comparison.
 */
let armed: { readonly name: string; left: number } | undefined;

const SETTING = /^([a-z-]+(?:\.[a-z-]+)+)(?::([1-9]\d{0,8}))?$/;

/** Arms the point that a process is told to die at. Throws an error that says what the setting looks like. */
export function armFaultPoint(setting: string | undefined): void {
  if (setting === undefined || setting === "") {
    armed = undefined;
    return;
  }
  const m = SETTING.exec(setting);
  if (!m)
    throw new Error(
      `SEGUE_KILL_AT is ${JSON.stringify(setting)}: use <point> or <point>:<pass>, e.g. actor.commit.after:7`,
    );
  armed = { name: m[1]!, left: Number(m[2] ?? 1) };
}

/** As `faultPoint`, a moment later: when what was written to a connection just before has left. */
export function faultPointSoon(name: string): void {
  if (armed !== undefined && armed.name === name) setTimeout(() => faultPoint(name), 5);
}

/** Dies here when armed for this point. */
export function faultPoint(name: string): void {
  if (armed !== undefined && armed.name === name && --armed.left === 0) process.kill(process.pid, "SIGKILL");
}
