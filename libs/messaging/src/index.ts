export * from "./connection.js";
export * from "./disposition.js";
export * from "./provision.js";
export * from "./publisher.js";
export * from "./rpc.js";
export * from "./membership.js";
export * from "./partition-reader.js";
export * from "./rendezvous.js";
