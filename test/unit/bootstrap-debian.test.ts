/** Which Debian packages a word asks for, and what is said or done about them. */
import { expect, test } from "vitest";
import { answerTo, packagesMissing, programsFor } from "../../bootstrap/debian.js";

const nothing = () => false;
const everything = () => true;
const debian = { linux: true, root: false, sudo: false, apt: true };
const script = "/checkout/bootstrap/install-debian.sh";

test("a bare machine's demo asks for the load balancer and the database, once each", () => {
  expect(packagesMissing(programsFor("demo", []), nothing)).toEqual([
    "haproxy",
    "mariadb-server-core",
    "mariadb-client",
    "mariadb-backup",
  ]);
});

test.each([["--over", "ssh"], ["--over=ssh"]])("the demo asks for sshd as well with %s %s", (...args) => {
  expect(packagesMissing(programsFor("demo", args), nothing)).toContain("openssh-server");
});

test("over local hosts no sshd is asked for", () => {
  expect(packagesMissing(programsFor("demo", ["--over", "local", "ssh"]), nothing)).not.toContain("openssh-server");
});

test.each(["test", "bench", "prove"])("%s always asks for sshd", (word) => {
  expect(programsFor(word, [])).toContain("sshd");
});

test("only tests ask for a DNS server", () => {
  expect(packagesMissing(programsFor("test", []), nothing)).toContain("knot");
  expect(packagesMissing(programsFor("prove", []), nothing)).not.toContain("knot");
});

test.each([
  ["check", []],
  ["demo", ["--help"]],
])("%s %j asks for nothing", (word, args) => {
  expect(programsFor(word, args)).toEqual([]);
});

test("one missing program asks for its own package only", () => {
  const found = (program: string) => program !== "mariadb-install-db";
  expect(packagesMissing(programsFor("demo", []), found)).toEqual(["mariadb-server-core"]);
});

test("nothing missing, nothing done", () => {
  const packages = packagesMissing(programsFor("test", []), everything);
  expect(answerTo(packages, { ...debian, root: true }, script)).toEqual({ does: "nothing" });
});

test("root installs by itself, others through sudo where it asks for no password", () => {
  expect(answerTo(["haproxy"], { ...debian, root: true }, script)).toEqual({
    does: "install",
    command: ["sh", script, "haproxy"],
  });
  expect(answerTo(["haproxy"], { ...debian, sudo: true }, script)).toEqual({
    does: "install",
    command: ["sudo", "-n", "sh", script, "haproxy"],
  });
});

test("who may not install is given the one command to type", () => {
  const answer = answerTo(["haproxy", "mariadb-backup"], debian, script);
  expect(answer).toEqual({
    does: "tell",
    line: expect.stringMatching(/ · sudo apt-get .* install -y --no-install-recommends haproxy mariadb-backup$/),
  });
});

test.each([
  [true, "not a Debian"],
  [false, "on Linux only"],
])("without apt nothing is tried (Linux: %s)", (linux, why) => {
  const answer = answerTo(["haproxy"], { linux, root: true, sudo: false, apt: false }, script);
  expect(answer).toEqual({ does: "tell", line: expect.stringContaining(why) });
});
