import { Controller, Get, Header, Inject, Param, Redirect, Req } from "@nestjs/common";
import type { GatewayRequest } from "../http-request.js";
import { ProblemError } from "../problem.js";
import { docsPage, problemPage, problemsPage } from "./docs-page.js";
import { openApiDocument, type OpenApiDocument } from "./openapi.js";

export const API_VERSION = Symbol("api version");
const HTML = "text/html; charset=utf-8";
// The pages have no script, and load nothing.
const POLICY = "default-src 'none'; style-src 'unsafe-inline'";

@Controller()
export class DocsController {
  readonly #document: OpenApiDocument;

  constructor(@Inject(API_VERSION) version: string) {
    this.#document = openApiDocument(version);
  }

  @Get()
  @Redirect("/docs", 302)
  root(): void {
    // The redirect is the answer.
  }

  @Get("docs")
  @Header("Content-Type", HTML)
  @Header("Content-Security-Policy", POLICY)
  docs(@Req() request: GatewayRequest): string {
    return docsPage(this.#document, `${request.protocol}://${request.host}`);
  }

  @Get("docs/openapi.json")
  openApi(): OpenApiDocument {
    return this.#document;
  }

  @Get("problems")
  @Header("Content-Type", HTML)
  @Header("Content-Security-Policy", POLICY)
  problems(): string {
    return problemsPage();
  }

  @Get("problems/:slug")
  @Header("Content-Type", HTML)
  @Header("Content-Security-Policy", POLICY)
  problem(@Param("slug") slug: string): string {
    const html = problemPage(slug);
    if (html === undefined) throw new ProblemError("not-found", "There is no problem of this kind.");
    return html;
  }
}
