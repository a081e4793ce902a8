/** Installs the Debian packages a word needs where it may, else says what to type. */
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { capture } from "./capture.js";
import { answerTo, packagesMissing, programsFor } from "./debian.js";
import { root } from "./ready.js";
import { Stop, say, timed } from "./say.js";

/** @param {string} program */
function found(program) {
  const folders = [
    ...(process.env.PATH ?? "").split(delimiter).filter(Boolean),
    "/usr/local/sbin",
    "/usr/sbin",
    "/sbin",
  ];
  return folders.some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

async function powers() {
  const isRoot = process.getuid?.() === 0;
  const apt = found("apt-get");
  const sudo =
    apt && !isRoot && found("sudo") && (await capture("sudo", ["-n", "true"], { limitMs: 10_000 })).code === 0;
  return { linux: process.platform === "linux", root: isRoot, sudo, apt };
}

/** Tests may go on without: each one that misses something skips and says so. @param {string} word @param {string[]} args */
export async function getSystemReady(word, args) {
  const programs = programsFor(word, args);
  const missing = packagesMissing(programs, found);
  if (missing.length === 0) return;
  const answer = answerTo(missing, await powers(), join(root, "bootstrap", "install-debian.sh"));
  if (answer.does === "tell") {
    if (word !== "test") throw new Stop(answer.line);
    say(`${answer.line} (tests that need them will be skipped)`);
  }
  if (answer.does === "install") await install(answer.command, missing, programs);
}

/** @param {string[]} command @param {string[]} packages @param {string[]} programs */
async function install([program = "sh", ...args], packages, programs) {
  const names = packages.join(" ");
  const { code, output } = await timed(`installing ${names} with apt`, () =>
    capture(program, args, { limitMs: 900_000 }),
  );
  const missing = packagesMissing(programs, found);
  if (code === 0 && missing.length === 0) return;
  const why = code === 0 ? `${missing.join(" ")} brought no program` : `apt ended with ${code}`;
  throw new Stop(
    `${names} could not be installed · ${why} · apt-get install -y --no-install-recommends ${names}`,
    output,
  );
}
