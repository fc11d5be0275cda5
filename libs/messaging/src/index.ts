export * from "./connection.js";
export * from "./provision.js";
export * from "./publisher.js";
export * from "./rpc.js";
