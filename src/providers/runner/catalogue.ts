/** The catalogue of a machine on which servers are folders: its own system is the only image, and it is the only size. */
import { Problem } from "../../model/problem.ts";
import { architectureOf, type Catalogue } from "../../model/template/catalogue.ts";
import { quote } from "./definition.ts";
import type { Transport } from "./transport.ts";

/** The size; the image is called like the system, such as `debian-12`. */
const OWN = "machine";
const LIMIT_MS = 30_000;

/** Changes nothing. The folder may not be there yet: then what it will be made in is looked at. */
const LOOK = (folder: string): string => `
d=${quote(folder)}
while [ ! -d "$d" ]; do d=$(dirname "$d"); done
uname -m
getconf LONG_BIT 2>/dev/null || echo 64
getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1
awk '/^MemTotal:/ { printf "%d\\n", $2 / 1024 }' /proc/meminfo
df -Pm "$d" | awk 'END { print $2 }'
( ID=unknown; VERSION_ID=; [ ! -r /etc/os-release ] || . /etc/os-release; echo "$ID\${VERSION_ID:+-$VERSION_ID}" )`;

export async function readCatalogue(transport: Transport, folder: string): Promise<Catalogue> {
  const asked = await transport.exec(LOOK(folder), Buffer.alloc(0), { timeoutMs: LIMIT_MS });
  const [machine = "", bits, cores, memoryMiB, diskMiB, system = ""] = asked.stdout.toString().trim().split("\n");
  const architecture = architectureOf(machine, Number(bits));
  if (asked.code !== 0 || architecture === null || !system) {
    throw new Problem(asked.code === null ? "unreachable" : "missing-tool", {
      what: "what servers can be made of can't be told",
      why: asked.stderr.toString().trim() || `the machine says it is "${machine}", which is not known here`,
      next: "changeover doctor",
    });
  }
  const architectures = [architecture];
  const number = (text: string | undefined): number => Number(text) || 0;
  const size = { architectures, cores: number(cores), memoryMiB: number(memoryMiB), diskMiB: number(diskMiB) };
  return { images: [{ name: system, architectures }], sizes: [{ name: OWN, ...size }] };
}

/** Of several machines: what holds for each of them. */
export function commonOf(all: readonly Catalogue[]): Catalogue {
  const images = [...new Set(all.flatMap((one) => one.images.map(({ name }) => name)))];
  const sizes = all.flatMap((one) => one.sizes);
  const architectures = [...new Set(sizes.flatMap((size) => size.architectures))];
  const least = (key: "cores" | "memoryMiB" | "diskMiB"): number => Math.min(...sizes.map((size) => size[key]));
  return {
    images: images.map((name) => ({ name, architectures })),
    sizes: [
      { name: OWN, architectures, cores: least("cores"), memoryMiB: least("memoryMiB"), diskMiB: least("diskMiB") },
    ],
  };
}
