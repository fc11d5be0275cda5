export * from "./child.js";
export { findNatsServer, startNatsServer, type NatsServer, type NatsServerOptions } from "./nats-server.js";
export * from "./ports.js";
export {
  findRedisServer,
  startRedisServer,
  REDIS_TOOL_DIR,
  type RedisServer,
  type RedisServerOptions,
} from "./redis-server.js";
export * from "./run-record.js";
