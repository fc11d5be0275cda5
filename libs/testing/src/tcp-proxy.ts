/** A TCP proxy that can stop passing anything on while both sides believe that they are connected. */
import { connect, createServer, type Server, type Socket } from "node:net";

export class TcpProxy {
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  #isolated = false;

  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {}

  /** Listens on a free port of 127.0.0.1 and passes on to `target`. */
  static async start(target: number): Promise<TcpProxy> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen({ port: 0, host: "127.0.0.1" }, resolve));
    const address = server.address();
    const proxy = new TcpProxy(server, typeof address === "object" && address ? address.port : 0);
    server.on("connection", (client) => proxy.#join(client, connect({ port: target, host: "127.0.0.1" })));
    return proxy;
  }

  get url(): string {
    return `nats://127.0.0.1:${this.port}`;
  }

  #join(client: Socket, upstream: Socket): void {
    const pair = [client, upstream] as const;
    this.#pairs.add(pair);
    for (const [from, to] of [pair, [upstream, client] as const]) {
      from.on("data", (chunk) => void to.write(chunk));
      from.on("error", () => undefined);
      from.on("close", () => {
        this.#pairs.delete(pair);
        to.destroy();
      });
      if (this.#isolated) from.pause();
    }
  }

  /** Nothing passes in either direction from now on; what is sent meanwhile waits in the sockets. */
  isolate(): void {
    this.#isolated = true;
    for (const pair of this.#pairs) for (const socket of pair) socket.pause();
  }

  /** Passes everything on again, what has waited first. */
  heal(): void {
    this.#isolated = false;
    for (const pair of this.#pairs) for (const socket of pair) socket.resume();
  }

  close(): void {
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy();
    this.server.close();
  }
}
