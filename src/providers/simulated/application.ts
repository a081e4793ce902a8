/** The simulated application server as the model's Application: a release on disk, roles as services, migrations as jobs. */
import { randomUUID } from "node:crypto";
import { buffer } from "node:stream/consumers";
import type { Application, HttpCheck, Install, Role, Task } from "../../model/application.ts";
import { valuesOf } from "../../model/credential.ts";
import type { Host, Stored } from "../../model/host.ts";
import { misses, withKey } from "../../model/http-check.ts";
import { canonical } from "../../model/plan.ts";
import { Problem } from "../../model/problem.ts";
import { give, LAUNCH_FILE, launchValues, readLaunch } from "../../model/template/process-inputs.ts";
import { type ControlPlane, effectOn, within } from "./acting.ts";
import type { Web } from "./load-balancer-server.ts";
import { credentialOf } from "./secrets.ts";

const MANIFEST = "install.json";
const RELEASE = "release";
const UNPACKED = `${RELEASE}/.artefact`;
const NEXT = "release-next";
const BROUGHT = `${NEXT}/.brought`;
const PREPARE_MS = 300_000;

export interface ApplicationParts {
  plane: ControlPlane;
  host: Host;
  port: number;
  database: { name: string; user: string };
  secret(name: string): string;
  web(address: string, port: number): Web | null;
}

export function createSimulatedApplication(parts: ApplicationParts): Application {
  const { plane, host, port, web } = parts;
  const act = (what: string, takesMs: number, work: () => Promise<void>) => effectOn(plane, host, what, takesMs, work);
  const installed = async (): Promise<Install | null> => {
    const text = await host.readFile(MANIFEST);
    return text === null ? null : (JSON.parse(text) as Install);
  };
  const mustBeInstalled = async (): Promise<Install> => {
    const found = await installed();
    if (found) return found;
    throw new Problem("refused", {
      what: `no release is installed on "${host.name}"`,
      why: "the server was launched but nothing was put on it",
      next: "changeover status",
    });
  };
  const { takeOrFetch, ...bringing } = createBringing(parts);
  return {
    name: host.name,
    address: host.address,
    installed,
    ...bringing,
    async install(install, artefactTar) {
      const before = await installed();
      if (before && canonical(before) === canonical(install)) return;
      await act("remove the manifest", 2, () => host.remove(MANIFEST));
      const unpacked = before?.artefact === install.artefact && (await host.readFile(UNPACKED)) === install.artefact;
      if (!unpacked) {
        await takeOrFetch(install.artefact, artefactTar);
        await mustHaveRuntime(parts, install);
        await prepare(parts, install);
      }
      await act("write the manifest", 2, async () => {
        await host.putFile(UNPACKED, install.artefact);
        await host.putFile(MANIFEST, JSON.stringify(install));
      });
    },
    async start(role: Role) {
      const install = await mustBeInstalled();
      const command = install.start[role];
      if (command === undefined) return;
      const env = await environmentOf(parts, install, role);
      await act(`start ${role}`, 5, () => host.startService({ name: role, command, cwd: RELEASE, env }));
    },
    async stop(role, graceMs) {
      await act(`stop ${role}`, 20, () => host.stopService(role, graceMs));
      await plane.clock.sleep(1);
    },
    state: (role) => host.serviceState(role),
    async probe(check: HttpCheck, timeoutMs: number) {
      const asked = withKey(check, randomUUID());
      const answer = await within(plane, timeoutMs, web(host.address, port)?.answer(asked) ?? Promise.resolve(null));
      return answer
        ? misses(asked, answer)
        : `no answer to ${asked.method} ${asked.path}: nobody listens, or not in time`;
    },
    async runCheck({ run, seconds }) {
      const env = await environmentOf(parts, await mustBeInstalled(), "check");
      const { code, stdout, stderr } = await host.exec(run, { timeoutMs: seconds * 1000, cwd: RELEASE, env });
      return code === 0 ? null : `check "${run}" ended with ${code ?? "no exit code"}: ${(stderr || stdout).trim()}`;
    },
    countLines: (log, asked) => host.countLines(typeof log === "string" ? { service: log } : log, asked),
    async startTask({ id, command, timeoutMs, account, database, inputs }: Task) {
      const found = await mustBeInstalled();
      const install = { ...found, database: database ?? found.database };
      const env = { ...(await environmentOf(parts, install, account === "migration" ? "migrate" : "task")), ...inputs };
      await act("start the task", 5, () => host.startJob({ id, command, cwd: RELEASE, timeoutMs, env }));
    },
    task: (id) => host.jobState(id),
    cancelTask: (id) => act("cancel the task", 10, () => host.cancelJob(id)),
  };
}

/** A release beside the one that is there, as on real servers. */
function createBringing({ plane, host }: ApplicationParts) {
  const act = (what: string, takesMs: number, work: () => Promise<void>) => effectOn(plane, host, what, takesMs, work);
  const brought = () => host.readFile(BROUGHT);
  const unpack = async (folder: string, tar: string | Buffer): Promise<void> => {
    await host.remove(folder);
    await host.putFile(`${folder}/release.tar`, tar);
  };
  const heldIn = async (tar: Buffer | Stored): Promise<Buffer> => (Buffer.isBuffer(tar) ? tar : buffer(tar.open()));
  return {
    brought,
    async bring(artefact: string, artefactTar: () => Promise<Buffer | Stored>): Promise<void> {
      if ((await brought()) === artefact) return;
      const tar = await heldIn(await artefactTar());
      await act("unpack beside the release", 100, () => unpack(NEXT, tar));
      await act("note what was brought", 2, () => host.putFile(BROUGHT, artefact));
    },
    forgetBrought: () => act("forget what was brought", 2, () => host.remove(NEXT)),
    async takeOrFetch(artefact: string, artefactTar: () => Promise<Buffer | Stored>): Promise<void> {
      if ((await brought()) !== artefact) {
        const tar = await heldIn(await artefactTar());
        return act("unpack the release", 100, () => unpack(RELEASE, tar));
      }
      const tar = (await host.readFile(`${NEXT}/release.tar`)) ?? "";
      await act("move the release", 2, async () => {
        await unpack(RELEASE, tar);
        await host.remove(NEXT);
      });
    },
  };
}

/** Found before the release is prepared, as on real servers. */
async function mustHaveRuntime(parts: ApplicationParts, install: Install): Promise<void> {
  const { plane, host } = parts;
  const check = install.runtime?.check;
  if (!check) return;
  const options = { timeoutMs: 60_000, cwd: RELEASE, env: await environmentOf(parts, install, "prepare") };
  const done = await effectOn(plane, host, "look for the runtime", 5, () => host.exec(check, options));
  if (done.code === 0) return;
  throw new Problem("missing-tool", {
    what: `"${host.name}" lacks the runtime of release "${install.release}"`,
    why: `"${check}" ended with ${done.code}: ${done.stdout.trim()}`,
    next: "install it there, or bring it in the release's folder (runtime.path), then plan again",
  });
}

async function prepare(parts: ApplicationParts, install: Install): Promise<void> {
  const { plane, host } = parts;
  const { prepare: command } = install;
  if (command === null) return;
  const options = { timeoutMs: PREPARE_MS, cwd: RELEASE, env: await environmentOf(parts, install, "prepare") };
  const done = await effectOn(plane, host, "prepare the release", 5, () => host.exec(command, options));
  if (done.code === 0) return;
  throw new Problem("step-failed", {
    what: `the prepare script of release "${install.release}" failed on "${host.name}"`,
    why: `exit ${done.code}: ${done.stdout.trim()}`,
    next: "run it by hand in the release's folder, mend it, then plan again",
  });
}

/** The same variables as on real servers: what is given by name wins. */
async function environmentOf(
  { host, port, database, secret }: ApplicationParts,
  install: Install,
  role: Role | "prepare" | "check" | "task" | "migrate",
): Promise<Record<string, string>> {
  const [user, account] = role === "migrate" ? [`${database.user}_migrate`, "migrate"] : [database.user, "app"];
  return {
    HOST: host.address,
    PORT: String(port),
    SERVER_NAME: host.name,
    ROLE: role,
    RELEASE: install.release,
    DATABASE_HOST: install.database.address,
    DATABASE_PORT: String(install.database.port),
    DATABASE_NAME: database.name,
    DATABASE_USER: user,
    DATABASE_PASSWORD: secret(`database.${account}`),
    ...valuesOf(install.inputs, credentialOf),
    ...(await launchedWith(host)),
  };
}

async function launchedWith(host: Host): Promise<Record<string, string>> {
  const kept = readLaunch(await host.readFile(LAUNCH_FILE));
  return kept ? give(launchValues(kept), { directory: host.directory, credential: credentialOf }).env : {};
}
