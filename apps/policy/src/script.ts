/** One Lua script: run by its hash, so that its text travels once per run of Redis. */
import { createHash } from "node:crypto";
import { IndexUnavailable, type RedisConnection } from "./redis-connection.js";

export class Script {
  readonly #lua: string;
  readonly #sha: string;
  readonly #keys: number;

  constructor(keys: number, lua: string) {
    this.#lua = lua;
    this.#sha = createHash("sha1").update(lua).digest("hex");
    this.#keys = keys;
  }

  /** Runs it; answers its array of texts. The call is on its way when this returns. Throws IndexUnavailable. */
  async run(connection: RedisConnection, keysAndArgs: readonly string[]): Promise<readonly string[]> {
    const { redis } = connection;
    try {
      connection.gather();
      return (await redis.evalsha(this.#sha, this.#keys, ...keysAndArgs)) as string[];
    } catch (error) {
      if (!(error as Error).message.startsWith("NOSCRIPT")) throw unavailable(error);
    }
    try {
      return (await redis.eval(this.#lua, this.#keys, ...keysAndArgs)) as string[];
    } catch (error) {
      throw unavailable(error);
    }
  }
}

export function unavailable(error: unknown): IndexUnavailable {
  return new IndexUnavailable(`Redis: ${(error as Error).message}`, { cause: error });
}
