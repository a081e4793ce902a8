/** `changeover doctor`: looks at everything this machine needs and says what is missing and how to get it. */
import { execFileSync } from "node:child_process";
import { accessSync, constants, existsSync, statfsSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { Health } from "../../api/contract.ts";
import { createClient } from "../client.ts";
import { type AddCommand, JSON_OPTION, type JsonOption } from "../command.ts";
import { healthOf } from "../control-plane-process.ts";
import { findHome, logOf, makeHome } from "../home.ts";
import { EXIT, printJson } from "../output.ts";

interface Finding {
  name: string;
  good: boolean;
  seen: string;
  next: string | null;
}

const FREE_BYTES = 2_000_000_000;

export const doctor: AddCommand = (program, ends) => {
  program
    .command("doctor")
    .description("look at what this machine needs; changes nothing")
    .option(...JSON_OPTION)
    .action(async (options: JsonOption) => {
      const home = findHome();
      const findings = [
        nodeVersion(),
        ...PROGRAMS.map(([name, debian]) => lookFor(name, debian)),
        homeFolder(home),
        ...(await controlPlane(home)),
      ];
      if (options.json) printJson(findings);
      else
        for (const { good, name, seen, next } of findings)
          console.log(`${good ? "✓" : "✗"} ${name.padEnd(20)} ${seen}${next ? ` · ${next}` : ""}`);
      ends(findings.every(({ good }) => good) ? EXIT.done : EXIT.failed);
    });
};

const PROGRAMS = [
  ["haproxy", "haproxy"],
  ["mariadbd", "mariadb-server-core"],
  ["mariadb-install-db", "mariadb-server-core"],
  ["mariadb", "mariadb-client"],
  ["mariadb-backup", "mariadb-backup"],
  ["mariadb-binlog", "mariadb-client"],
  ["flock", "util-linux"],
  ["setsid", "util-linux"],
] as const;

const nodeVersion = (): Finding => ({ name: "node", good: true, seen: process.version, next: null });

function lookFor(name: string, debian: string): Finding {
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"];
  const path = folders.map((folder) => join(folder, name)).find((candidate) => existsSync(candidate));
  if (!path) return { name, good: false, seen: "missing", next: `apt-get install --no-install-recommends ${debian}` };
  return { name, good: true, seen: `${path} ${versionOf(path)}`.trim(), next: null };
}

function versionOf(path: string): string {
  try {
    const flag = path.endsWith("haproxy") ? "-v" : "--version";
    return (
      execFileSync(path, [flag], { encoding: "utf8", timeout: 5_000, stdio: ["ignore", "pipe", "ignore"] })
        .split("\n")[0]
        ?.match(/\d+\.\d+[\w.-]*/)?.[0] ?? ""
    );
  } catch {
    return "";
  }
}

function homeFolder(home: string): Finding {
  try {
    accessSync(makeHome(home), constants.W_OK);
    const { bavail, bsize } = statfsSync(home);
    const free = bavail * bsize;
    const seen = `${home}, ${(free / 1e9).toFixed(1)} GB free`;
    return free > FREE_BYTES
      ? { name: "home", good: true, seen, next: null }
      : { name: "home", good: false, seen, next: "free some disk" };
  } catch (error) {
    return {
      name: "home",
      good: false,
      seen: (error as Error).message,
      next: "set CHANGEOVER_HOME to a folder you may write to",
    };
  }
}

async function controlPlane(home: string): Promise<Finding[]> {
  const health: Health | null = await healthOf(createClient(home)).catch(() => null);
  if (!health)
    return [{ name: "control plane", good: true, seen: `not running; its log is ${logOf(home)}`, next: null }];
  const database = health.databasePid === null ? "an external database" : `its database is pid ${health.databasePid}`;
  return [
    { name: "control plane", good: true, seen: `pid ${health.pid}, ${database}`, next: null },
    { name: "environments", good: true, seen: health.environments.join(", ") || "none", next: null },
  ];
}
