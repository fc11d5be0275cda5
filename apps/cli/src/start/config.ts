/** What the launcher takes from the environment; the only place in apps/cli/src/start that reads it. */
export interface LauncherConfig {
  /** Handed to every service, beneath what the launcher sets itself. */
  readonly environment: Readonly<Record<string, string>>;
  /** https://no-color.org */
  readonly color: boolean;
  readonly logLevel: string;
}

export function readConfig(env: NodeJS.ProcessEnv = process.env): LauncherConfig {
  const environment: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) if (value !== undefined) environment[name] = value;
  const noColor = (env["NO_COLOR"] ?? "") !== "" || env["TERM"] === "dumb";
  return { environment, color: !noColor, logLevel: env["LOG_LEVEL"] ?? "info" };
}
