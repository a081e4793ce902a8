/** Which verb of the lock matrix each changing route is, and what asks the matrix before a route does anything. */
import type { MiddlewareHandler } from "hono";
import type { Verb } from "../model/locks/verbs.ts";
import type { LockDesk } from "../run/lock-desk.ts";

/** `nothing`: what it changes, nobody could lock. A test finds routes that are missing here. */
export const routeVerbs: Readonly<Record<string, Verb | "nothing">> = {
  "POST /shutdown": "nothing",
  "PUT /environments": "up",
  "DELETE /environments/:name": "down",
  "POST /environments/:name/plans": "nothing",
  "POST /environments/:name/upgrades": "upgrade",
  "POST /environments/:name/rehearsals": "rehearse",
  "POST /rehearsals/:id/cancel": "cancel-rehearsal",
  "PUT /environments/:environment/credentials/:name": "credential-set",
  "DELETE /environments/:environment/credentials/:name": "credential-remove",
  "POST /environments/:name/backups": "backup-take",
  "POST /environments/:name/backups/:id/verifications": "backup-verify",
  "POST /environments/:name/backups/:id/plans": "nothing",
  "POST /environments/:name/backups/:id/restores": "restore",
  "PUT /environments/:name/lock": "lock",
  "DELETE /environments/:name/lock": "unlock",
  "DELETE /environments/:name/locks": "unlock",
  "PUT /environments/:name/servers/:server/lock": "lock-server",
  "DELETE /environments/:name/servers/:server/lock": "unlock-server",
  "POST /environments/:name/lockdown": "lock",
  "POST /environments/:name/servers": "server-clone",
  "DELETE /environments/:name/servers/:server": "server-clone",
  "POST /environments/:name/servers/:server/changes": "server-clone",
  "POST /environments/:name/servers/:server/explanations": "server-clone",
  "POST /environments/:name/servers/:server/launches": "server-launch",
  "POST /environments/:name/servers/:server/connect": "pool-join",
  "POST /environments/:name/servers/:server/disconnect": "pool-leave",
  "POST /environments/:name/servers/:server/relaunch": "server-relaunch",
  "POST /environments/:name/servers/:server/replace": "server-replace",
  "POST /environments/:name/servers/:server/retire": "server-retire",
  "POST /environments/:name/servers/:server/operational": "server-force-operational",
  "POST /environments/:name/scripts/:script/runs": "server-script",
  "POST /environments/:name/scripts/:script/plans": "nothing",
  "PUT /environments/:name/inputs": "inputs-edit",
  "POST /environments/:name/inputs/unsettings": "inputs-edit",
  "POST /environments/:name/inputs/drops": "inputs-edit",
  "POST /environments/:name/inputs/promotions": "inputs-promote",
  "POST /environments/:name/inputs/reverts": "inputs-revert",
  "POST /environments/:environment/groups/:group/enable": "group-enable",
  "POST /environments/:environment/groups/:group/disable": "group-disable",
  "PUT /environments/:environment/groups/:group/bounds": "group-resize",
  "POST /environments/:environment/groups/:group/launches": "group-launch",
  "POST /environments/:environment/groups/:group/terminations": "group-terminate",
  "PUT /environments/:environment/groups/:group/votes/:voter": "alert-vote",
  "DELETE /environments/:environment/groups/:group": "group-delete",
  "PUT /environments/:name/alerts/:alert/quench": "alert-quench",
  "DELETE /environments/:name/alerts/:alert/quench": "alert-quench",
  "POST /environments/:name/alerts/:alert/tests": "nothing",
  "POST /environments/:environment/names/:name/plans": "nothing",
  "POST /environments/:environment/names/:name/moves": "name-move",
  "POST /environments/:name/clones/plans": "nothing",
  "POST /environments/:name/clones": "clone",
  "POST /environments/:name/addresses/:address/plans": "nothing",
  "POST /environments/:name/addresses/:address/moves": "address-move",
  "POST /templates/revisions": "nothing",
  "POST /templates/checks": "nothing",
  "PUT /upgrades/:id/ledger": "nothing",
  "POST /upgrades/:id/gates/:gate": "approve",
  "POST /upgrades/:id/gates/:gate/fixes": "fix",
  "POST /upgrades/:id/rollback": "rollback",
  "POST /upgrades/:id/pause": "pause",
  "POST /upgrades/:id/abort": "abort",
  "POST /upgrades/:id/resume": "resume",
  "POST /upgrades/:id/sessions/cut": "cut-sessions",
};

const READING = new Set(["GET", "HEAD", "OPTIONS"]);

interface Known {
  method: string;
  path: RegExp;
  verb: Verb;
}

const known: Known[] = Object.entries(routeVerbs).flatMap(([route, verb]) => {
  const [method = "", path = ""] = route.split(" ");
  return verb === "nothing" ? [] : [{ method, path: patternOf(path), verb }];
});

function patternOf(path: string): RegExp {
  const parts = path.split("/").map((part) => (part.startsWith(":") ? `(?<${part.slice(1)}>[^/]+)` : part));
  return new RegExp(`^${parts.join("/")}$`);
}

/** Whoever does it asks again, where nothing can slip between; this keeps a route from being forgotten. */
export const heedLocks =
  ({ mustBeAllowed }: Pick<LockDesk, "mustBeAllowed">): MiddlewareHandler =>
  async ({ req }, next) => {
    if (READING.has(req.method)) return next();
    const { verb, subject } = found(req.method, req.path);
    const environment = subject.environment ?? subject.name;
    if (verb && environment) await mustBeAllowed(environment, verb, subject.server ? [subject.server] : []);
    return next();
  };

/** The names in it as they were meant, not as they travel. */
function found(method: string, path: string): { verb?: Verb; subject: Record<string, string | undefined> } {
  for (const one of known) {
    const match = one.method === method ? one.path.exec(path) : null;
    const named = Object.entries(match?.groups ?? {}).map(([name, text]) => [name, decodeURIComponent(text)]);
    if (match) return { verb: one.verb, subject: Object.fromEntries(named) };
  }
  return { subject: {} };
}
