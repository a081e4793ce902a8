/** Which paths and names a caller may use on a server. */
import { Problem } from "../../model/problem.ts";

/** Relative, inside of the server's directory, and not the runner's own files. */
export function checkedPath(path: string): string {
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  const leaves = path.startsWith("/") || parts.includes("..") || parts.length === 0 || /[\0\n]/.test(path);
  if (leaves) throw refused(path, "it is not a path inside of the server's directory");
  if (parts[0] === ".changeover" || parts.join("/") === "server.json") throw refused(path, "it is the runner's own");
  return parts.join("/");
}

export const checkedJob = (id: string): string => checkedName(id, /^[a-z0-9-]{1,100}$/, "a job's id");
export const checkedService = (name: string): string => checkedName(name, /^[a-z0-9-]{1,40}$/, "a service's name");
export const checkedLease = (name: string): string => checkedName(name, /^[a-z0-9-]{1,40}$/, "a lease's name");
export const checkedServer = (name: string): string =>
  checkedName(name, /^[a-z0-9][a-z0-9-]{0,60}$/, "a server's name");
export const checkedEnvironment = (name: string): string =>
  checkedName(name, /^[a-z0-9][a-z0-9-]{0,60}$/, "an environment's name");

function checkedName(name: string, pattern: RegExp, what: string): string {
  if (pattern.test(name)) return name;
  throw new Problem("bad-input", {
    what: `"${name}" can't be ${what}`,
    why: "lower case letters, digits and dashes only, and not too many",
    next: "give it another name",
  });
}

const refused = (path: string, why: string): Problem =>
  new Problem("refused", {
    what: `no file may be "${path}"`,
    why,
    next: "use a path relative to the server's directory",
  });
