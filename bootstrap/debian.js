/** Which Debian packages a word needs, and what to do about the missing ones; decides, and does nothing itself. */

/** Each program we start, and the package that brings it. @type {Record<string, string>} */
const packageOf = {
  haproxy: "haproxy",
  mariadbd: "mariadb-server-core",
  "mariadb-install-db": "mariadb-server-core",
  mariadb: "mariadb-client",
  "mariadb-backup": "mariadb-backup",
  "mariadb-binlog": "mariadb-client",
  sshd: "openssh-server",
  knotd: "knot",
  ip: "iproute2",
  unshare: "util-linux",
  arping: "iputils-arping",
  nft: "nftables",
};

const products = ["haproxy", "mariadbd", "mariadb-install-db", "mariadb", "mariadb-backup", "mariadb-binlog"];

/** What separate hosts on one machine are made of. */
const lab = ["sshd", "ip", "unshare", "arping", "nft"];

/** @type {Record<string, string[]>} */
const programsOf = {
  demo: products,
  example: products,
  lab,
  prove: [...products, ...lab],
  bench: [...products, "sshd"],
  test: [...products, ...lab, "knotd"],
};

/** Examples whose servers have hosts of their own. */
const onHosts = ["front-ends"];

/** @param {string} transport @returns {(args: string[]) => boolean} */
const over = (transport) => (args) =>
  args.some((arg, at) => arg === `--over=${transport}` || (arg === "--over" && args[at + 1] === transport));
const [overSsh, overLab] = [over("ssh"), over("lab")];

/** @param {string} word @param {string[]} args @returns {string[]} the programs this start will need */
export function programsFor(word, args) {
  const programs = programsOf[word] ?? [];
  if (programs.length === 0 || args.includes("--help") || args.includes("-h")) return [];
  const hosts = overLab(args) || (word === "example" && args.some((arg) => onHosts.includes(arg)));
  if (hosts) return [...new Set([...programs, ...lab])];
  return overSsh(args) && !programs.includes("sshd") ? [...programs, "sshd"] : programs;
}

/** @param {string[]} programs @param {(program: string) => boolean} found @returns {string[]} packages, each once */
export function packagesMissing(programs, found) {
  const missing = programs.filter((program) => !found(program)).map((program) => packageOf[program] ?? program);
  return [...new Set(missing)];
}

/**
 * @typedef {{ linux: boolean, root: boolean, sudo: boolean, apt: boolean }} Powers `sudo`: without a password.
 * @typedef {{ does: "nothing" } | { does: "install", command: string[] } | { does: "tell", line: string }} Answer
 * @param {string[]} packages what is missing
 * @param {Powers} powers
 * @param {string} script path of install-debian.sh
 * @returns {Answer}
 */
export function answerTo(packages, powers, script) {
  if (packages.length === 0) return { does: "nothing" };
  const names = packages.join(" ");
  if (!powers.apt) {
    const why = powers.linux ? "this is not a Debian or Ubuntu" : "they are installed by apt on Linux only";
    return {
      does: "tell",
      line: `${names}: missing · ${why} · install them with your package manager, then run this again`,
    };
  }
  if (powers.root) return { does: "install", command: ["sh", script, ...packages] };
  if (powers.sudo) return { does: "install", command: ["sudo", "-n", "sh", script, ...packages] };
  const command = `sudo apt-get update && sudo apt-get install -y --no-install-recommends ${names}`;
  return { does: "tell", line: `${names}: missing · only root may install them · ${command}` };
}
