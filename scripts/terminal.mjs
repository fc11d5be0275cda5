/** One line per step on the terminal, with the seconds it has taken so far. No dependencies: runs before `npm ci`. */
import { spawn } from "node:child_process";
import { constants } from "node:os";

const TAIL_CHARS = 6_000;

/** A failure that a person can act on: the message is all that is shown. */
export class SetupError extends Error {
  name = "SetupError";
}

const seconds = (sinceMs) => `${((Date.now() - sinceMs) / 1_000).toFixed(1)} s`;

/**
 * Runs `work` while a line shows what is going on. The line stays, with the time it took. `work` gets `note`,
 * which replaces the text, and its own result is handed through. Quick steps that found nothing to do answer
 * `undefined` and leave no line.
 */
export async function step(text, work) {
  const live = process.stdout.isTTY === true;
  const start = Date.now();
  let shown = text;
  const draw = () => process.stdout.write(`\r\x1b[2K${shown} … ${seconds(start)}`);
  const timer = live ? setInterval(draw, 200) : undefined;
  if (!live) process.stdout.write(`${text} …\n`);
  try {
    const result = await work((note) => (shown = note));
    clearInterval(timer);
    process.stdout.write(
      live ? `\r\x1b[2K${shown}: ${seconds(start)}\n` : `${shown}: done in ${seconds(start)}\n`,
    );
    return result;
  } catch (error) {
    clearInterval(timer);
    if (live) process.stdout.write("\r\x1b[2K");
    throw error;
  }
}

/** Runs a command quietly. Resolves with status and output; never rejects for a status. */
export function run(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], ...options });
    let out = "";
    let tail = "";
    child.stdout?.on("data", (chunk) => {
      out += chunk;
      tail = (tail + chunk).slice(-TAIL_CHARS);
    });
    child.stderr?.on("data", (chunk) => (tail = (tail + chunk).slice(-TAIL_CHARS)));
    child.once("error", (error) => resolve({ status: 127, out, tail: error.message }));
    child.once("close", (status, signal) =>
      resolve({ status: status ?? signalStatus(signal), out, tail: tail.trim() }),
    );
  });
}

/**
 * Runs a command on this terminal and hands signals on to it; resolves with its exit status. A Ctrl-C reaches it
 * by itself, and perhaps once more through npm and through here, so it has to count close ones as one. With
 * `ipc`, it also notices (`disconnect`) when this process is gone.
 */
export function runAttached(command, args, { ipc = false, ...options } = {}) {
  return new Promise((resolve) => {
    const stdio = ["inherit", "inherit", "inherit", ...(ipc ? ["ipc"] : [])];
    const child = spawn(command, args, { stdio, ...options });
    const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
    const hand = (signal) => child.kill(signal);
    for (const s of signals) process.on(s, hand);
    const end = (status) => {
      for (const s of signals) process.off(s, hand);
      resolve(status);
    };
    child.once("error", (error) => {
      process.stderr.write(`${command}: ${error.message}\n`);
      end(127);
    });
    child.once("exit", (status, signal) => end(status ?? signalStatus(signal)));
  });
}

function signalStatus(signal) {
  return 128 + (constants.signals[signal] ?? 0);
}

/** Runs a script's main; prints a SetupError as its message alone, and sets the exit status. */
export async function main(work) {
  try {
    process.exitCode = await work();
  } catch (error) {
    process.stderr.write(`\n${error instanceof SetupError ? error.message : error.stack}\n`);
    process.exitCode = 1;
  }
}
