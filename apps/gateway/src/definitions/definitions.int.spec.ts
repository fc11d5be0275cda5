/** Governance of catalogues and policy packs over HTTP, on a real nats-server. */
import { cpSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FOLDERS, loadCatalogues } from "#definitions";
import {
  JSON_BODY,
  startGatewayUnderTest,
  type Answer,
  type GatewayUnderTest,
} from "../testing/gateway-under-test.js";

const anna = { by: "anna", why: "test" };
const petr = { by: "petr", why: "test" };

describe("governance of catalogues and policy packs over HTTP", () => {
  let t: GatewayUnderTest;
  let dir: string;
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), "segue-definitions-"));
    for (const folder of Object.values(FOLDERS).filter((f) => existsSync(f)))
      cpSync(join(process.cwd(), folder), join(dir, folder), { recursive: true });
    t = await startGatewayUnderTest({ SEGUE_DEFINITIONS_DIR: dir });
  });
  afterAll(async () => {
    await t.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  const post = (path: string, body: object): Promise<Answer> =>
    t.request("POST", path, { headers: JSON_BODY, body });
  const act = (what: string, body: object): Promise<Answer> =>
    post(`/v1/definitions/catalogue/offers/${what}`, body);

  it("takes a catalogue from proposal into force by two people, and back", async () => {
    const offers = loadCatalogues(dir).find((c) => c.id === "offers")!;
    const next = offers.version + 1;
    for (const version of [offers.version, next]) {
      const proposed = await post("/v1/definitions", { ...anna, definition: { ...offers, version } });
      expect(proposed.status).toBe(200);
      const alone = await act("publish", { ...anna, version });
      expect(alone.json()).toMatchObject({ type: "/problems/release-refused", code: "four_eyes" });
      expect((await act("publish", { ...petr, version })).status).toBe(200);
    }
    expect((await act("rollback", { ...anna, version: next })).json()).toMatchObject({
      release: { journey: "catalogue/offers", live: [{ version: offers.version }] },
    });
    const list = await t.request("GET", "/v1/definitions");
    expect(list.json()).toMatchObject({ definitions: [{ journey: "catalogue/offers" }] });
    expect((await t.request("GET", "/v1/definitions/catalogue/offers")).json()).toMatchObject({
      definitions: [{ id: "offers", version: offers.version }],
      history: [{ by: "anna" }, { by: "petr" }, { by: "anna" }, { by: "petr" }, { by: "anna" }],
      chain: [],
    });
  });

  it("names what is wrong with a definition, and what is not there", async () => {
    const offers = loadCatalogues(dir).find((c) => c.id === "offers")!;
    const [first, ...others] = offers.actions;
    const broken = {
      ...offers,
      version: 9,
      actions: [{ ...first!, purpose: "service", promotional: true }, ...others],
    };
    const answer = await post("/v1/definitions", { ...anna, definition: broken });
    expect(answer.status).toBe(422);
    expect(answer.json()).toMatchObject({
      errors: expect.arrayContaining([
        expect.objectContaining({ pointer: "/definition/actions/0/promotional" }),
      ]),
    });
    for (const path of ["catalogue/nothing", "table/offers", "policy/NOT_AN_ID"])
      expect((await t.request("GET", `/v1/definitions/${path}`)).json()).toMatchObject({
        type: "/problems/definition-not-found",
      });
    expect((await post("/v1/definitions/policy/nothing/publish", { ...petr, version: 1 })).status).toBe(404);
  });
});
