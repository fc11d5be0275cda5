/**
 * Redis: the one on PATH, else Debian's package, downloaded and unpacked below .segue/tools/redis. apt gets private
 * folders, so that this works for any user and changes nothing on the machine. libs/embedded looks in the same place.
 */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { SetupError, run, step } from "./terminal.mjs";

const TOOLS = ".segue/tools";
const PACKAGES = ["redis-server", "redis-tools"];
const INSTALL =
  "Install Redis 6 or newer and put redis-server on PATH (Debian, Ubuntu: apt-get install redis-server).";
/** The C library belongs to the machine's loader; another one beside it breaks every program. */
const NEVER_UNPACK = /^(libc6|libc-bin|libcrypt1)$/;

/** Throws SetupError with what to install when there is no way to get one. */
export async function ensureRedis(root) {
  if ((await run("redis-server", ["--version"])).status === 0) return;
  const target = join(root, TOOLS, "redis");
  if (existsSync(join(target, "usr/bin/redis-server"))) return;
  for (const tool of ["apt-get", "dpkg"]) {
    if ((await run(tool, ["--version"])).status !== 0)
      throw new SetupError(`redis-server is not on PATH. ${INSTALL}`);
  }
  await step("unpacking Redis from Debian's package", (note) => unpack(root, target, note));
}

async function unpack(root, target, note) {
  const work = join(root, TOOLS, "apt");
  const unpacked = join(work, "root");
  const downloads = join(work, "debs");
  rmSync(work, { recursive: true, force: true });
  for (const dir of [
    join(work, "lists/partial"),
    join(work, "cache/archives/partial"),
    downloads,
    unpacked,
  ]) {
    mkdirSync(dir, { recursive: true });
  }
  const apt = async (...args) => {
    const done = await run("apt-get", [...aptOptions(work), ...args], {
      cwd: downloads,
      env: { ...process.env, LC_ALL: "C" },
    });
    if (done.status === 0) return done.out;
    const why = done.tail
      .split("\n")
      .filter((line) => /^[EW]:/.test(line))
      .slice(-3)
      .join("\n");
    throw new SetupError(
      `${why}\nredis-server is not on PATH, and Debian's package could not be fetched (above). ${INSTALL}`,
    );
  };
  await apt("update");
  // What apt would install for Redis here: the packages, and the libraries that this machine lacks.
  const plan = await apt("install", "--simulate", "--no-install-recommends", ...PACKAGES);
  const lacking = [...plan.matchAll(/^Inst (\S+)/gm)]
    .map((m) => m[1])
    .filter((p) => /^lib/.test(p) && !NEVER_UNPACK.test(p));
  await apt("download", ...PACKAGES, ...lacking);
  for (const file of readdirSync(downloads).filter((f) => f.endsWith(".deb"))) {
    const done = await run("dpkg", ["-x", join(downloads, file), unpacked]);
    if (done.status !== 0) throw new SetupError(`${done.tail}\n${file} could not be unpacked. ${INSTALL}`);
  }
  const binary = join(unpacked, "usr/bin/redis-server");
  const asked = await run(binary, ["--version"], {
    env: { ...process.env, LD_LIBRARY_PATH: libraryPath(unpacked) },
  });
  const version = /v=(\d+\.\d+\.\d+)/.exec(asked.out)?.[1];
  if (!version)
    throw new SetupError(`${asked.tail}\nThe unpacked redis-server does not run here. ${INSTALL}`);
  rmSync(target, { recursive: true, force: true });
  renameSync(unpacked, target);
  rmSync(work, { recursive: true, force: true });
  note(`unpacked Redis ${version} from Debian's package`);
}

function aptOptions(work) {
  const settings = {
    "Dir::State::lists": join(work, "lists"),
    "Dir::Cache": join(work, "cache"),
    "Debug::NoLocking": "true",
    // As root, apt would download as user _apt, who may not write here.
    "APT::Sandbox::User": "root",
    "Acquire::Retries": "2",
    "Acquire::Languages": "none",
  };
  return Object.entries(settings).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
}

function libraryPath(dir) {
  const machines = ["x86_64-linux-gnu", "aarch64-linux-gnu"];
  return machines.flatMap((m) => [join(dir, "usr/lib", m), join(dir, "lib", m)]).join(":");
}
