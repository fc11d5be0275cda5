/**
 * Makes a fresh clone ready to run, on any Node from 20: locked packages (Node 24 among them), nats-server, compiled
 * code, Redis. Every part is skipped when it is there already. `npm start`, `npm test` and `npm run verify` begin here.
 */
import { fileURLToPath } from "node:url";
import { compile } from "./setup-compile.mjs";
import { ensurePackages } from "./setup-packages.mjs";
import { ensureRedis } from "./setup-redis.mjs";
import { SetupError, run } from "./terminal.mjs";

export const ROOT = fileURLToPath(new URL("..", import.meta.url));
const OLDEST_NODE = 20;

/** Path of the locked Node, under which everything else runs. Throws SetupError with what to do. */
export async function setup() {
  if (Number(process.versions.node.split(".")[0]) < OLDEST_NODE) {
    throw new SetupError(
      `Node ${OLDEST_NODE} or newer is needed to begin (this is ${process.version}): https://nodejs.org`,
    );
  }
  process.chdir(ROOT);
  const node = await ensurePackages(ROOT);
  await compile(ROOT, node);
  await ensureRedis(ROOT);
  return node;
}

/** One line saying which servers will be used, e.g. `local processes, nats-server 2.14.0 (PATH), redis 7.0.15 (PATH)`. */
export async function describeServers(node) {
  if (process.env.SEGUE_TEST_SERVERS === "containers") return "containers (testcontainers)";
  const code = `
    import { findNatsServer, findRedisServer } from "./dist/libs/embedded/src/index.js";
    const n = findNatsServer(), r = findRedisServer(process.cwd());
    console.log(\`local processes, nats-server \${n.version} (\${n.from}), redis \${r.version} (\${r.from})\`);`;
  const asked = await run(node, ["--input-type=module", "-e", code], { cwd: ROOT });
  if (asked.status !== 0) throw new SetupError(/^Error: (.*)$/m.exec(asked.tail)?.[1] ?? asked.tail);
  return asked.out.trim();
}
