/** The name server contract over a real hosts file, changed by several at the same time. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHostsFile } from "../../src/drivers/dns/hosts-file.ts";
import { describeNameServerContract } from "./name-server.contract.ts";

describeNameServerContract("hosts file", { loses: false }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "changeover-hosts-"));
  const make = () => createHostsFile({ path: join(folder, "hosts") });
  const close = async () => rmSync(folder, { recursive: true, force: true });
  return { names: make(), other: make(), ttls: false, lose: () => {}, close };
});
