export * from "./connection.js";
export * from "./provision.js";
export * from "./publisher.js";
export * from "./rpc.js";
export * from "./disposition.js";
export * from "./work-dead-letter.js";
export * from "./work-handler.js";
export * from "./work-strategy.js";
