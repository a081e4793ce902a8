/** Where an example's servers stand: processes on this machine, the same behind a real sshd, or hosts of their own. */
import { writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { type Document, parseDocument } from "yaml";
import { readEnvironmentFile } from "../cli/commands/up.ts";
import { say } from "../cli/output.ts";
import type { EnvironmentDefinition } from "../model/environment.ts";
import { parseEnvironment } from "../model/environment-file.ts";
import { besideNeeded, hostsNeeded } from "../model/network.ts";
import { Problem } from "../model/problem.ts";
import { labTrouble, openLab } from "../providers/lab/lab.ts";
import { startLoopbackSshd, stopLoopbackSshd } from "../providers/ssh/loopback.ts";

export type Over = "local" | "ssh" | "lab";

export interface Place {
  /** The environment file and its text, which may have got another provider. */
  file: string;
  text: string;
  /** Folder in which the servers live; of no meaning where they have hosts of their own. */
  servers: string;
  close(): Promise<void>;
}

/** An address that goes from host to host needs hosts. */
export const usualPlace = (file: string): Over =>
  Object.keys(parseEnvironment(readEnvironmentFile(file), file).addresses).length > 0 ? "lab" : "local";

export async function findPlace(over: Over, home: string, file: string): Promise<Place> {
  const text = readEnvironmentFile(file);
  if (over === "local") return { text, file, servers: join(home, "servers"), close: async () => {} };
  const definition = parseEnvironment(text, file);
  const document = parseDocument(text);
  for (const [name, { artefact }] of Object.entries(definition.releases)) {
    document.setIn(["releases", name, "artefact"], resolve(dirname(file), artefact));
  }
  const opened = over === "ssh" ? await behindSshd(home, document) : await onHosts(definition, document);
  // A file of its own: an environment that is not as its file says is not upgraded.
  const path = join(home, "environment.yaml");
  writeFileSync(path, String(document));
  return { text: String(document), file: path, ...opened };
}

type Opened = Pick<Place, "servers" | "close">;

async function behindSshd(home: string, document: Document): Promise<Opened> {
  const { settings } = await startLoopbackSshd({ home });
  say(`Started a real sshd on ${settings.host}:${settings.port}`);
  document.set("provider", document.createNode({ kind: "ssh", ...settings }));
  return { servers: settings.directory, close: () => stopLoopbackSshd({ home }) };
}

async function onHosts(definition: EnvironmentDefinition, document: Document): Promise<Opened> {
  const why = labTrouble();
  if (why !== null) {
    throw new Problem("missing-tool", {
      what: "no hosts can be made on this machine",
      why,
      next: "run it as root on Linux; `npm run example app-servers` needs no hosts",
    });
  }
  const count = hostsNeeded(definition) + besideNeeded(definition).count;
  say(`Making ${count} hosts, each with its own network, disk and sshd …`);
  const lab = await openLab(count);
  document.set("provider", document.createNode(lab.provider));
  for (const [name, { address }] of Object.entries(definition.addresses)) {
    const own = address.split(".").slice(2).join(".");
    document.setIn(["addresses", name, "address"], `${lab.network}.${own}`);
  }
  return { servers: lab.provider.directory, close: () => lab.close() };
}
