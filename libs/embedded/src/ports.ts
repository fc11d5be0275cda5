import { createServer } from "node:net";

/** A TCP port on 127.0.0.1: the preferred one if it is free, else one that the system picks. */
export function freePort(preferred = 0): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (preferred !== 0 && (error.code === "EADDRINUSE" || error.code === "EACCES")) resolve(freePort(0));
      else reject(error);
    });
    server.listen({ port: preferred, host: "127.0.0.1", exclusive: true }, () => {
      const address = server.address();
      const port = typeof address === "object" && address ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}
