/** The services log JSON; the launcher keeps it in a form for people. */
import { prettyFactory } from "pino-pretty";

const format = prettyFactory({
  colorize: false,
  translateTime: "SYS:HH:MM:ss.l",
  ignore: "pid,hostname,service",
});

/** Takes a process's output in any pieces and hands on whole lines, JSON log lines made readable. */
export function prettyLines(write: (text: string) => void): (chunk: string) => void {
  let rest = "";
  return (chunk) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) write(line.startsWith("{") ? format(line) : `${line}\n`);
  };
}
