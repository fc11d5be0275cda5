/**
 * `npm start`: servers, streams, services, then the main job: a replay of real transactions through all of it, shown live; at
 * the end a summary whose books must balance. Steps in the order of this file; what runs is owned by Installation.
 */
import { standingClock, type Clock } from "#clock";
import { sleep } from "#messaging";
import type { Command } from "../command.js";
import type { ReplayProgress } from "../replay/index.js";
import { readConfig } from "./config.js";
import { Installation, SERVICES } from "./installation.js";
import { follow } from "./observe.js";
import { HELP, parseStartArgs, UsageError, type StartOptions } from "./options.js";
import { panelLines, plainLine, type PanelView } from "./panel.js";
import { nextPart, type Part } from "./part.js";
import { berkaSource, type ReplaySource } from "./replay-source.js";
import { terminalScreen, type Screen } from "./screen.js";
import { settle, type Settled } from "./settle.js";
import { chosenScenarios, noSuchScenario, playScenarios } from "./scenarios.js";
import { learnedSoFar } from "./learned.js";
import { listenForStop, type StopSignal } from "./stop-signal.js";
import { imbalances, learnedLines, summaryJson, summaryLines, type RunFigures } from "./summary.js";
import { Tally } from "./tally.js";
import { count, counted, dayOf, style, type Style } from "./text.js";

const DAY_MS = 86_400_000;
const SECOND_MS = 1_000;
/** Until the services are up; the replay's clock begins then. */
const LEAD_MS = 5_000;
const REDRAW_MS = 200;
const PLAIN_LINE_MS = 3_000;
const NOTICES_SHOWN = 3;

interface Run {
  readonly options: StartOptions;
  readonly installation: Installation;
  readonly screen: Screen;
  readonly s: Style;
  readonly stop: StopSignal;
  readonly notices: string[];
}

export const startCommand: Command = {
  summary: "start everything on this machine and run the main job (npm start)",
  help: HELP,
  run: start,
};

/** Runs until the end; answers the exit status. Leaves no process behind, however it ends. */
async function start(args: readonly string[]): Promise<number> {
  let parsed;
  try {
    parsed = parseStartArgs(args);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 2;
  }
  if (parsed.kind === "help") {
    process.stdout.write(`${parsed.text}\n`);
    return 0;
  }
  const { options } = parsed;
  if (options.scenario !== undefined && chosenScenarios(options.scenario).length === 0) {
    process.stderr.write(`${noSuchScenario(options.scenario)}\n`);
    return 2;
  }
  const config = readConfig();
  const out = options.json ? process.stderr : process.stdout;
  const screen = terminalScreen(out, out.isTTY === true && !options.quiet);
  const s = style(config.color && out.isTTY === true);
  const notices: string[] = [];
  const stop: StopSignal = listenForStop(() => {
    installation.killAll();
    process.exit(130);
  });
  const installation = new Installation({
    root: process.cwd(),
    config,
    // What is played has nothing to do with the bank's transactions, and begins anew each time.
    ...(options.scenario === undefined ? {} : { data: "scenario-data" }),
    onTrouble: (message) => {
      notices.push(message);
      if (notices.length > NOTICES_SHOWN) notices.shift();
      if (!screen.live) screen.say(message);
    },
    onGivenUp: (error) => stop.fail(error),
  });
  process.on("exit", () => installation.killAll());
  let status: number;
  try {
    status = await run({ options, installation, screen, s, stop, notices });
  } catch (error) {
    if (!stop.signal.aborted) stop.fail(error as Error);
    status = 1;
  }
  screen.release();
  if (stop.failure) {
    status = 1;
    screen.say("", s.bad(stop.failure.message));
  }
  if (installation.begun) {
    if (stop.signal.aborted) screen.say(s.dim("stopping everything (Ctrl-C again: at once) …"));
    await installation.stop();
    screen.say(s.dim("stopped; no process is left"));
  }
  return status;
}

async function run(r: Run): Promise<number> {
  const { options, installation, screen, s, stop } = r;
  screen.say("", ` ${s.bold(s.accent("segue"))}  real-time customer journeys for banks`, "");
  const leftovers = await installation.endLeftovers();
  if (leftovers.length > 0) {
    screen.say(
      s.warn(
        ` ended ${counted(leftovers.length, "process", "processes")} of an earlier start: ${leftovers.map((p) => p.name).join(", ")}`,
      ),
    );
  }
  if (options.fresh || options.scenario !== undefined) installation.deleteData();
  if (options.scenario !== undefined) return scenariosAlone(r, options.scenario);
  const source = await berkaSource({
    root: process.cwd(),
    stateDir: installation.dataDir,
    from: options.from,
  });
  const part = nextPart(source.events, source.done, {
    days: options.days,
    to: options.to === undefined ? undefined : Date.parse(`${options.to}T00:00:00Z`),
  });
  await startServers(r);
  if (stop.signal.aborted) return 1;
  if (!part) return withoutReplay(r, source);

  const clockStart = {
    startWall: Date.now() + LEAD_MS,
    startTime: part.startTime,
    speed: (options.speed * DAY_MS) / SECOND_MS,
  };
  const clock = await startServices(r, () => installation.startServices(clockStart));
  if (stop.signal.aborted) return 1;
  const tally = new Tally();
  const unfollow = await follow(installation.nc, tally);
  const { figures, settled } = await replay(r, source, part, clock, tally);
  await unfollow();
  if (stop.signal.aborted || !settled) return stop.failure ? 1 : 0;
  const balanced = await summarise(r, figures, settled);
  const played = options.quiet || (await playScenarios(r, chosenScenarios("all"), "lines"));
  const status = played ? balanced : 1;
  if (part.remaining > 0) {
    screen.say(
      s.dim(
        ` ${counted(part.remaining, "event")} of the data remain: the next start goes on at ${dayOf(part.endTime)}`,
      ),
    );
  } else screen.say(s.dim(" that was the last part of the data; npm start -- --fresh begins anew"));
  if (!played && !stop.signal.aborted)
    screen.say(
      s.dim(
        " ✘ is not what the file expects. With --fresh it is a fault; else models may have learned to prefer another offer",
      ),
    );
  if (options.once) return status;
  await stayUp(r, clock.now(), settled.tally.example);
  return status;
}

/** Plays scenarios on data of their own, on a clock that stands before them. */
async function scenariosAlone(r: Run, which: string): Promise<number> {
  const scenarios = chosenScenarios(which);
  await startServers(r);
  if (r.stop.signal.aborted) return 1;
  await startServices(r, () => r.installation.startServices(standingClock()));
  if (r.stop.signal.aborted) return 1;
  const status = (await playScenarios(r, scenarios, "story")) ? 0 : 1;
  if (r.options.once || r.stop.signal.aborted) return status;
  r.screen.say("", ` Segue stays up at ${r.s.accent(r.installation.gatewayUrl)}. Ctrl-C stops everything.`);
  await stopped(r.stop.signal);
  return r.stop.failure ? 1 : status;
}

async function startServers({ installation, screen, s }: Run): Promise<void> {
  const { nats, redis } = await installation.startServers();
  const ok = s.good("✔");
  screen.say(
    ` ${ok} nats-server ${nats.binary.version}  ${s.dim(`${nats.url}  ${nats.binary.from}`)}`,
    ` ${ok} redis ${redis.binary.version}        ${s.dim(`${redis.url}  ${redis.binary.from}`)}`,
    ` ${ok} streams and consumers provisioned`,
  );
}

async function startServices({ screen, s }: Run, work: () => Promise<Clock>): Promise<Clock> {
  if (screen.live) screen.draw([s.dim(` starting ${SERVICES.join(", ")} …`)]);
  const clock = await work();
  screen.say(` ${s.good("✔")} ${SERVICES.join(", ")}`, "");
  return clock;
}

/** Tells the part and shows what happens, until everything is published. */
async function replay(
  r: Run,
  source: ReplaySource,
  part: Part,
  clock: Clock,
  tally: Tally,
): Promise<{ figures: RunFigures; settled: Settled | undefined }> {
  const { options, installation, screen, s, stop } = r;
  const begun = Date.now();
  let progress: ReplayProgress | undefined;
  let waitingFor: readonly string[] | undefined;
  const rate = movingRate();
  const view = (): PanelView => {
    const published = (progress?.published ?? 0) + (progress?.duplicates ?? 0);
    return {
      elapsedMs: Date.now() - begun,
      speed: options.speed,
      time: Math.min(part.endTime, Math.max(part.startTime, progress?.time ?? part.startTime)),
      startTime: part.startTime,
      endTime: part.endTime,
      published,
      events: part.size,
      perSecond: rate(published),
      lagMs: progress?.lagMs ?? 0,
      waitingFor,
      tally,
      notices: r.notices,
    };
  };
  const show = (): void => {
    if (options.quiet) return;
    if (screen.live) screen.draw(panelLines(view(), s, screen.columns, screen.rows));
    else screen.say(plainLine(view()));
  };
  if (!screen.live && !options.quiet) {
    screen.say(
      `replaying ${counted(part.size, "event")}, ${dayOf(part.startTime)} to ${dayOf(part.endTime)}, at ${options.speed} days per second`,
    );
  }
  const timer = setInterval(show, screen.live ? REDRAW_MS : PLAIN_LINE_MS);
  try {
    const told = await source.tell({
      nc: installation.nc,
      events: part.events,
      clock,
      signal: stop.signal,
      onProgress: (p) => (progress = p),
    });
    const wallMs = Date.now() - Math.max(begun, clock.wallAt(part.startTime));
    waitingFor = [];
    const settled = stop.signal.aborted
      ? undefined
      : await settle(installation.nc, stop.signal, (open) => (waitingFor = open));
    waitingFor = [];
    show();
    const { latencies } = tally;
    const figures = {
      published: told.published + told.duplicates,
      wallMs,
      p50: latencies.percentile(0.5),
      p99: latencies.percentile(0.99),
      commands: latencies.n,
    };
    return { figures, settled };
  } finally {
    clearInterval(timer);
    screen.release();
  }
}

/** Events per second over the last three seconds. */
function movingRate(): (total: number) => number {
  const seen: { at: number; total: number }[] = [];
  return (total) => {
    const at = Date.now();
    seen.push({ at, total });
    while (seen.length > 2 && at - seen[0]!.at > 3_000) seen.shift();
    const first = seen[0]!;
    return at > first.at ? ((total - first.total) * 1_000) / (at - first.at) : 0;
  };
}

/** Prints the summary of all that is stored; answers 1 when it does not add up, else 0. */
async function summarise(
  { options, installation, screen, s }: Run,
  figures: RunFigures,
  { events, tally }: Settled,
): Promise<number> {
  if (options.json) process.stdout.write(`${JSON.stringify(summaryJson(figures, events, tally))}\n`);
  else {
    const learned = await learnedSoFar(installation.nc, ".").catch(() => []);
    const columns = Math.min(100, screen.columns);
    screen.say("", ...summaryLines(figures, events, tally, s, columns), ...learnedLines(learned, s), "");
  }
  return imbalances(events, tally).length === 0 ? 0 : 1;
}

/** All is told, or `--to` lies before the next event: the services come up on what is stored. */
async function withoutReplay(r: Run, source: ReplaySource): Promise<number> {
  const { options, installation, screen } = r;
  const last = source.events[source.done - 1] ?? source.events[0];
  const time = Date.parse(last?.time ?? "") || Date.now();
  screen.say(
    source.done >= source.events.length
      ? ` all ${count(source.events.length)} events of the data have been replayed; npm start -- --fresh begins anew`
      : ` nothing to replay before ${options.to}: the stored replay stands at ${dayOf(time)}`,
  );
  await startServices(r, () =>
    installation.startServices({ startWall: Date.now(), startTime: time, speed: 1 }),
  );
  const settled = await settle(installation.nc, r.stop.signal);
  if (r.stop.signal.aborted) return r.stop.failure ? 1 : 0;
  const status = await summarise(
    r,
    { published: 0, wallMs: 0, p50: undefined, p99: undefined, commands: 0 },
    settled,
  );
  if (options.once) return status;
  tellAddresses(r, settled.tally.example, time);
  await stopped(r.stop.signal);
  return r.stop.failure ? 1 : 0;
}

/** The services go on, on a clock that runs as fast as the wall's, from where the replay has come to. */
async function stayUp(r: Run, time: number, example: Tally["example"]): Promise<void> {
  await startServices(r, () =>
    r.installation.startServices({ startWall: Date.now(), startTime: time, speed: 1 }),
  );
  if (r.stop.signal.aborted) return;
  tellAddresses(r, example, time);
  await stopped(r.stop.signal);
}

function tellAddresses({ installation, screen, s }: Run, example: Tally["example"], time: number): void {
  const url = installation.gatewayUrl;
  const customer = example?.customerId ?? "acc-2";
  const event = {
    specversion: "1.0",
    id: `try-${Date.now().toString(36)}`,
    source: "try",
    type: "payment.failed",
    subject: customer,
    data: {
      paymentId: "p-1",
      amountMinor: 120_000,
      currency: "CZK",
      purpose: "household",
      reasonCode: "AM04",
    },
  };
  screen.say(
    ` ${s.bold("Segue is up")} at ${s.accent(url)}, documentation at ${s.accent(`${url}/docs`)}`,
    s.dim(` Its clock shows ${dayOf(time)} and runs at normal speed now. Logs: .segue/logs. To try:`),
    "",
    `curl -s ${url}/v1/customers/${customer}`,
    example
      ? `curl -s ${url}/v1/decisions/${example.decisionId}`
      : `curl -s ${url}/v1/customers/${customer}/timeline`,
    `curl -s ${url}/v1/events -H 'content-type: application/cloudevents+json' -d '${JSON.stringify(event)}'`,
    "npm run segue -- journeys",
    "npm run segue -- models",
    "",
    s.dim(" Ctrl-C stops everything."),
  );
}

async function stopped(signal: AbortSignal): Promise<void> {
  while (!signal.aborted) await sleep(60_000, signal);
}
