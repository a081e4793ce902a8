/** The resource "credentials" of an environment: set, list by name, remove. No answer carries a value. */
import { Hono } from "hono";
import { checkCredential, credentialName } from "../model/credential.ts";
import { environmentName } from "../model/environment.ts";
import { Problem } from "../model/problem.ts";
import type { CredentialDesk } from "../run/credentials.ts";
import { parseBody } from "./body.ts";
import { credentialBody } from "./contract.ts";

export function credentialRoutes(desk: CredentialDesk): Hono {
  const routes = new Hono();
  routes.get("/:environment/credentials", async (context) =>
    context.json(await desk.list(checked(environmentName, context.req.param("environment"), "an environment's name"))),
  );
  routes.put("/:environment/credentials/:name", async (context) => {
    const { environment, name } = place(context.req.param());
    const { value } = await parseBody(context.req, credentialBody);
    checkCredential(name, value);
    return context.json({ environment, credential: name, replaced: await desk.set(environment, name, value) });
  });
  routes.delete("/:environment/credentials/:name", async (context) => {
    const { environment, name } = place(context.req.param());
    await desk.remove(environment, name);
    return context.json({ environment, credential: name, removed: true });
  });
  return routes;
}

const place = (named: { environment: string; name: string }) => ({
  environment: checked(environmentName, named.environment, "an environment's name"),
  name: checked(credentialName, named.name, "a credential's name"),
});

/** They become names of files. */
function checked(shape: typeof environmentName, text: string, what: string): string {
  const read = shape.safeParse(text);
  if (read.success) return read.data;
  throw new Problem("bad-input", {
    what: `"${text}" can't be ${what}`,
    why: read.error.issues.map(({ message }) => message).join("; "),
    next: "changeover credential --help",
  });
}
