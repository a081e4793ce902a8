/** The machine's own hosts file is never touched, by whatever way it is named; any other is replaced as a whole. */
import {
  chmodSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createHostsFile } from "../../src/drivers/dns/hosts-file.ts";
import { problemOf } from "../contract/host/world.ts";

const NAME = "www.shop.test";
const OWN = "127.0.0.1\tlocalhost\n10.0.0.1 www.shop.test\n";
let folder: string;
/** Stands for /etc/hosts where it would have to be linked to. */
let machines: string;
const at = (...parts: string[]): string => join(folder, ...parts);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "changeover-hosts-"));
  machines = at("etc-hosts");
  writeFileSync(machines, OWN);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function expectRefused(path: string, why: RegExp, own = machines): Promise<void> {
  const names = createHostsFile({ path, machines: own });
  const tries = [
    () => names.read(NAME),
    () => names.move(NAME, { from: ["10.0.0.1"], to: [], ttlSeconds: 0 }),
    () => names.prove([NAME]),
  ];
  for (const attempt of tries) {
    expect(await problemOf(attempt())).toBe("refused");
    await expect(attempt()).rejects.toThrow(why);
  }
}

test("/etc/hosts is refused by its own name, by another one, through a link, and through a link to its folder", async () => {
  symlinkSync("/etc/hosts", at("link"));
  symlinkSync("/etc", at("folder"));
  for (const path of ["/etc/hosts", "/etc/../etc//hosts", at("link"), at("folder", "hosts")]) {
    await expectRefused(path, /the machine's own \/etc\/hosts/, "/etc/hosts");
  }
});

test("a second name of the machine's own file is that file", async () => {
  linkSync(machines, at("hard"));
  symlinkSync(at("hard"), at("soft"));
  for (const path of [at("hard"), at("soft")]) await expectRefused(path, /the machine's own/);
  expect(readFileSync(machines, "utf8")).toBe(OWN);
});

test("the machine's own is refused before it is there, and so is a link to nothing, and what is no file", async () => {
  rmSync(machines);
  await expectRefused(machines, /the machine's own/);
  symlinkSync(at("nothing"), at("dangling"));
  await expectRefused(at("dangling"), /a link that leads to nothing/);
  await expectRefused(folder, /no regular file/);
  await expectRefused(at("no", "such", "folder"), /ENOENT/);
});

test("a link is followed to the file that changes; its mode stays, its other lines do, and nothing is left beside it", async () => {
  mkdirSync(at("real"));
  writeFileSync(
    at("real/hosts"),
    Buffer.from(`10.0.0.7 caf\xe9 # \xff\r\n10.0.0.1\twww.shop.test shop.test`, "latin1"),
  );
  chmodSync(at("real/hosts"), 0o640);
  symlinkSync(at("real/hosts"), at("link"));
  const names = createHostsFile({ path: at("link"), machines });
  await names.move(NAME, { from: ["10.0.0.1"], to: ["10.0.0.2"], ttlSeconds: 0 });
  expect(readFileSync(at("real/hosts"), "latin1")).toBe(
    "10.0.0.7 caf\xe9 # \xff\r\n10.0.0.2 www.shop.test\r\n10.0.0.1 shop.test",
  );
  expect(statSync(at("real/hosts")).mode & 0o777).toBe(0o640);
  expect(readdirSync(at("real")).sort()).toEqual(["hosts", "hosts.lock"]);
});

test("what a killed one left beside it is not written through", async () => {
  writeFileSync(at("hosts"), "");
  symlinkSync(machines, at("hosts.new"));
  const names = createHostsFile({ path: at("hosts"), machines });
  await names.move(NAME, { from: [], to: ["10.0.0.2"], ttlSeconds: 0 });
  expect(readFileSync(at("hosts"), "utf8")).toBe("10.0.0.2 www.shop.test\n");
  expect(readFileSync(machines, "utf8")).toBe(OWN);
});

test("a name that also has an IPv6 address is not looked after", async () => {
  writeFileSync(at("hosts"), `10.0.0.1 ${NAME}\n::1 ${NAME}\n`);
  const names = createHostsFile({ path: at("hosts"), machines });
  await expect(names.read(NAME)).rejects.toThrow(/leads to ::1, too/);
});
