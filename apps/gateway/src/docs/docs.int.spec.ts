import type { Problem } from "#contracts";
import { PROBLEMS } from "../problem.js";
import { startGatewayUnderTest, type GatewayUnderTest } from "../testing/gateway-under-test.js";
import type { OpenApiDocument, OpenApiOperation } from "./openapi.js";

describe("documentation and health of a running gateway", () => {
  let t: GatewayUnderTest;
  let document: OpenApiDocument;
  beforeAll(async () => {
    t = await startGatewayUnderTest();
    document = (await t.request("GET", "/docs/openapi.json")).json<OpenApiDocument>();
  });
  afterAll(() => t.stop());

  const operations = (): [string, string, OpenApiOperation][] =>
    Object.entries(document.paths).flatMap(([path, item]) =>
      Object.entries(item).map(([method, o]): [string, string, OpenApiOperation] => [method, path, o]),
    );

  it("documents exactly the routes under /v1 that Fastify has", () => {
    const documented = operations().map(
      ([method, path]) => `${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ":$1")}`,
    );
    const registered = t.gateway.routes.filter((r) => r.includes(" /v1"));
    expect(documented.length).toBeGreaterThan(0);
    expect(documented.sort()).toEqual([...registered].sort());
  });

  it("is a sound OpenAPI 3.1 document", () => {
    expect(document.openapi).toBe("3.1.0");
    expect(document.info).toMatchObject({ title: expect.any(String), version: "0.0.0-test" });
    const ids = operations().map(([, , o]) => o.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [method, path, o] of operations()) {
      const parameters = o["parameters"] as { name: string; in: string; required: boolean; schema: object }[];
      const inPath = parameters.filter((p) => p.in === "path");
      expect([path, inPath.map((p) => p.name)]).toEqual([
        path,
        [...path.matchAll(/\{(\w+)\}/g)].map((m) => m[1]),
      ]);
      expect(inPath.every((p) => p.required)).toBe(true);
      expect("requestBody" in o).toBe(method === "post" || method === "put");
      const responses = o["responses"] as Record<
        string,
        { description: string; content: Record<string, { schema: object }> }
      >;
      expect(Object.keys(responses).some((status) => status.startsWith("2"))).toBe(true);
      for (const [status, response] of Object.entries(responses)) {
        expect(response.description).not.toBe("");
        const media = status.startsWith("2") ? "application/json" : "application/problem+json";
        expect(response.content[media]?.schema).toBeDefined();
      }
    }
  });

  it("has no reference that leads nowhere, and no schema that nothing leads to", () => {
    const text = JSON.stringify(document);
    const referred = new Set([...text.matchAll(/"\$ref":"([^"]+)"/g)].map((m) => String(m[1])));
    expect([...referred].toSorted()).toEqual(
      Object.keys(document.components.schemas)
        .map((id) => `#/components/schemas/${id}`)
        .sort(),
    );
    expect(text).not.toContain('"$id"');
    expect(Object.keys(document.components.schemas)).toEqual(
      expect.arrayContaining(["CloudEvent", "CustomerId", "Problem", "Decision"]),
    );
  });

  it("says that application/json may be an event or an array of them", () => {
    const body = document.paths["/v1/events"]?.["post"]?.["requestBody"] as {
      content: Record<string, { schema: unknown }>;
    };
    const event = { $ref: "#/components/schemas/CloudEvent" };
    expect(body.content["application/json"]?.schema).toEqual({
      oneOf: [event, { type: "array", items: event }],
    });
  });

  it("shows a page that loads nothing from elsewhere, with every route", async () => {
    const page = await t.request("GET", "/docs");
    expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(page.headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(page.text).not.toMatch(/<script|<link|src=|@import|url\(/);
    for (const [, , o] of operations()) expect(page.text).toContain(`id="${o.operationId}"`);
    expect(page.text).toContain(t.gateway.address);
    expect((await t.request("GET", "/")).headers.get("location")).toBe("/docs");
  });

  it("explains every kind of problem under its type", async () => {
    const list = (await t.request("GET", "/problems")).text;
    for (const kind of Object.keys(PROBLEMS)) {
      expect(list).toContain(`/problems/${kind}`);
      expect((await t.request("GET", `/problems/${kind}`)).status).toBe(200);
    }
    expect((await t.request("GET", "/problems/constructor")).status).toBe(404);
  });

  it("answers unknown routes and methods with problems", async () => {
    const unknown = await t.request("GET", "/v1/nothing");
    expect([unknown.status, unknown.json<Problem>().type]).toEqual([404, "/problems/not-found"]);
    const method = await t.request("PATCH", "/v1/customers/c1/consents");
    expect([method.status, method.json<Problem>().type, method.headers.get("allow")]).toEqual([
      405,
      "/problems/method-not-allowed",
      "GET, PUT",
    ]);
  });

  it("is live and ready", async () => {
    expect((await t.request("GET", "/health/live")).json()).toEqual({ service: "gateway", status: "up" });
    expect((await t.request("GET", "/health/ready")).json()).toEqual({
      service: "gateway",
      status: "up",
      checks: { nats: true, streams: true, stopping: false },
    });
  });
});
