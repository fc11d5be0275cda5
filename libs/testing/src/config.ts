/** Which servers the tests run against; the only reader of the environment here. */
export type ServersKind = "processes" | "containers";

/** `SEGUE_TEST_SERVERS=containers` runs nats-server and Redis through testcontainers; otherwise local processes. */
export function serversKind(env: NodeJS.ProcessEnv = process.env): ServersKind {
  const kind = env["SEGUE_TEST_SERVERS"] ?? "processes";
  if (kind !== "processes" && kind !== "containers") {
    throw new Error(`SEGUE_TEST_SERVERS is ${JSON.stringify(kind)}: use "processes" or "containers"`);
  }
  return kind;
}
