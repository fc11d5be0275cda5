/**
 * Loaded into a service that is profiled (`node --import`): SIGUSR2 starts V8's profiler, the next one writes the profile
 * to the folder that the process's last argument names. So the profile holds the measurement alone, no start and no warm-up.
 */
import { writeFileSync } from "node:fs";
import { Session } from "node:inspector/promises";
import { join } from "node:path";

const SAMPLE_EVERY_MICROS = 500;
let session: Session | undefined;

async function toggle(): Promise<void> {
  if (session) {
    const { profile } = await session.post("Profiler.stop");
    session.disconnect();
    session = undefined;
    writeFileSync(join(process.argv.at(-1) ?? ".", `${process.pid}.cpuprofile`), JSON.stringify(profile));
    return;
  }
  session = new Session();
  session.connect();
  await session.post("Profiler.enable");
  await session.post("Profiler.setSamplingInterval", { interval: SAMPLE_EVERY_MICROS });
  await session.post("Profiler.start");
}

process.on("SIGUSR2", () => void toggle());
