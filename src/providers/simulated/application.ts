/** The simulated application server as the model's Application: a release on disk, roles as services, migrations as jobs. */
import { randomUUID } from "node:crypto";
import { buffer } from "node:stream/consumers";
import type { Application, HttpCheck, Install, Role, Task } from "../../model/application.ts";
import { valuesOf } from "../../model/credential.ts";
import type { Host } from "../../model/host.ts";
import { misses, withKey } from "../../model/http-check.ts";
import { canonical } from "../../model/plan.ts";
import { Problem } from "../../model/problem.ts";
import { type ControlPlane, effectOn, within } from "./acting.ts";
import type { Web } from "./load-balancer-server.ts";

const MANIFEST = "install.json";

export interface ApplicationParts {
  plane: ControlPlane;
  host: Host;
  port: number;
  web(address: string, port: number): Web | null;
}

export function createSimulatedApplication({ plane, host, port, web }: ApplicationParts): Application {
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
  const inputs = ({ inputs: own, database }: Pick<Install, "inputs" | "database">): Record<string, string> => ({
    ...valuesOf(own, (name) => `simulated-${name}`),
    ADDRESS: host.address,
    PORT: String(port),
    DATABASE_HOST: database.address,
    DATABASE_PORT: String(database.port),
  });
  return {
    name: host.name,
    address: host.address,
    installed,
    async install(install, artefactTar) {
      const before = await installed();
      if (before && canonical(before) === canonical(install)) return;
      await act("remove the manifest", 2, () => host.remove(MANIFEST));
      const tar = await artefactTar();
      const held = Buffer.isBuffer(tar) ? tar : await buffer(tar.open());
      await act("unpack the release", 100, () => host.putFile("release.tar", held));
      await act("write the manifest", 2, () => host.putFile(MANIFEST, JSON.stringify(install)));
    },
    async start(role: Role) {
      const install = await mustBeInstalled();
      const command = install.start[role];
      if (command === undefined) return;
      await act(`start ${role}`, 5, () => host.startService({ name: role, command, env: inputs(install) }));
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
      await mustBeInstalled();
      const { code, stdout, stderr } = await host.exec(run, { timeoutMs: seconds * 1000 });
      return code === 0 ? null : `check "${run}" ended with ${code ?? "no exit code"}: ${stderr || stdout}`;
    },
    async startTask(task: Task) {
      const { database } = await mustBeInstalled();
      const { id, command, timeoutMs } = task;
      const env = inputs({ inputs: task.inputs, database: task.database ?? database });
      await act("start the task", 5, () => host.startJob({ id, command, timeoutMs, env }));
    },
    task: (id) => host.jobState(id),
    cancelTask: (id) => act("cancel the task", 10, () => host.cancelJob(id)),
  };
}
