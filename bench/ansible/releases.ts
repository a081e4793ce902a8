/** Releases of one small program, each with 5 MB that do not compress: as folders for us, as archives for Ansible. */
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const SIZE = 5_000_000;
const SERVER = join(import.meta.dirname, "server.mjs");

export interface Release {
  name: string;
  folder: string;
  archive: string;
}

export function makeRelease(under: string, name: string): Release {
  const folder = join(under, name);
  mkdirSync(folder, { recursive: true });
  copyFileSync(SERVER, join(folder, "server.mjs"));
  writeFileSync(join(folder, "RELEASE"), `${name}\n`);
  writeFileSync(join(folder, "vendor.bin"), randomBytes(SIZE));
  const archive = join(under, `${name}.tar.gz`);
  execFileSync("tar", ["-C", folder, "-czf", archive, "."]);
  return { name, folder, archive };
}
