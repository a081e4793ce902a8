/** One application server: its release on disk, its roles as services, its migration as a job. */
import type { Application, HttpCheck, Install, Role, Task } from "../../model/application.ts";
import type { Host } from "../../model/host.ts";
import { misses, withKey } from "../../model/http-check.ts";
import { Problem } from "../../model/problem.ts";
import { ask } from "../http/ask.ts";
import { createBrought } from "./brought.ts";
import {
  type Account,
  applicationEnvironment,
  type ApplicationSettings,
  launchedWith,
  RELEASE,
  type Vault,
} from "./inputs.ts";

const MANIFEST = "install.json";
/** Names the artefact when all of it is there and prepared. */
const UNPACKED = `${RELEASE}/.artefact`;

export function createApplication(
  host: Host,
  settings: ApplicationSettings,
  vault: Vault,
  freshKey: () => string,
): Application {
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

  const { take, ...bringing } = createBrought(host);
  const environment: Environment = async (install, role, account) =>
    applicationEnvironment(host, settings, install, role, vault, await launchedWith(host, vault), account);

  return {
    name: host.name,
    address: host.address,
    installed,
    ...bringing,
    async install(install, artefactTar) {
      const before = await installed();
      if (before && JSON.stringify(before) === JSON.stringify(install)) return;
      const manifest = { path: MANIFEST, data: JSON.stringify(install), mode: 0o600 };
      if (before?.artefact === install.artefact && (await host.readFile(UNPACKED)) === install.artefact) {
        return host.putFiles([manifest]);
      }
      // Without it the release counts as not installed, so it goes first and comes last.
      if (!(await take(install.artefact, MANIFEST))) {
        await host.remove(MANIFEST);
        await host.putTree(RELEASE, await artefactTar());
      }
      await mustHaveRuntime(host, install, environment);
      await prepare(host, settings, install, environment);
      await host.putFiles([{ path: UNPACKED, data: install.artefact }, manifest]);
    },
    async start(role: Role) {
      const install = await mustBeInstalled();
      const command = install.start[role];
      if (command === undefined) return;
      await host.startService({
        name: role,
        command,
        cwd: RELEASE,
        env: await environment(install, role),
      });
    },
    stop: (role, graceMs) => host.stopService(role, graceMs),
    state: (role) => host.serviceState(role),
    async probe(check: HttpCheck, timeoutMs: number) {
      const asked = withKey(check, freshKey());
      try {
        const dial = () => host.dial({ host: host.address, port: settings.port }, timeoutMs);
        const answer = await ask(dial, asked, { host: settings.publicHost, timeoutMs });
        return misses(asked, { ...answer, body: vault.redact(answer.body) });
      } catch (error) {
        return error instanceof Problem ? `${error.text.what}: ${error.text.why}` : String(error);
      }
    },
    async runCheck({ run, seconds }) {
      const env = await environment(await mustBeInstalled(), "check");
      const { code, stdout, stderr } = await host.exec(run, { timeoutMs: seconds * 1000, cwd: RELEASE, env });
      if (code === 0) return null;
      return `check "${run}" ended with ${code ?? "no exit code"}: ${(stderr || stdout).trim().slice(-300)}`;
    },
    countLines: (log, asked) => host.countLines(typeof log === "string" ? { service: log } : log, asked),
    async startTask({ id, command, timeoutMs, account, database, inputs }: Task) {
      const installed = await mustBeInstalled();
      const install = { ...installed, database: database ?? installed.database };
      const env =
        account === "application"
          ? await environment(install, "task")
          : await environment(install, "migrate", migrationAccount(settings));
      await host.startJob({ id, command, cwd: RELEASE, env: { ...env, ...inputs }, timeoutMs });
    },
    task: (id) => host.jobState(id),
    cancelTask: (id) => host.cancelJob(id),
  };
}

const migrationAccount = ({ database }: ApplicationSettings) => ({
  user: `${database.user}_migrate`,
  secret: "database.migrate",
});

type Environment = (install: Install, role: string, account?: Account) => Promise<Record<string, string>>;

/** Found before the release is prepared, not when it is started in the window. */
async function mustHaveRuntime(host: Host, install: Install, environment: Environment): Promise<void> {
  const check = install.runtime?.check;
  if (!check) return;
  const env = await environment(install, "prepare");
  const done = await host.exec(check, { timeoutMs: 60_000, cwd: RELEASE, env });
  if (done.code === 0) return;
  throw new Problem(done.code === null ? "outcome-unknown" : "missing-tool", {
    what: `"${host.name}" lacks the runtime of release "${install.release}"`,
    why: `"${check}" ended with ${done.code}: ${(done.stderr || done.stdout).trim().slice(-300)}`,
    next: "install it there, or bring it in the release's folder (runtime.path), then plan again",
  });
}

async function prepare(host: Host, settings: ApplicationSettings, install: Install, environment: Environment) {
  if (install.prepare === null) return;
  const env = await environment(install, "prepare");
  const done = await host.exec(install.prepare, { timeoutMs: settings.prepareMs, cwd: RELEASE, env });
  if (done.code === 0) return;
  throw new Problem(done.code === null ? "outcome-unknown" : "step-failed", {
    what: `the prepare script of release "${install.release}" failed on "${host.name}"`,
    why: `exit ${done.code}: ${(done.stderr || done.stdout).trim().slice(-500)}`,
    next: "run it by hand in the release's folder, mend it, then plan again",
  });
}
