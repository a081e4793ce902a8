/** A release that was brought to a server before it is installed: beside the one that is there, in its place in a moment. */
import type { Host, Stored } from "../../model/host.ts";
import { Problem } from "../../model/problem.ts";
import { RELEASE } from "./inputs.ts";

const NEXT = "release-next";
/** Written when all of it is there. */
const MARK = `${NEXT}/.brought`;
const MOVE_MS = 60_000;
/** The shell line's answer when another artefact was brought, or none. */
const OTHER = 3;

export function createBrought(host: Host) {
  const brought = () => host.readFile(MARK);
  return {
    brought,
    async bring(artefact: string, artefactTar: () => Promise<Buffer | Stored>): Promise<void> {
      if ((await brought()) === artefact) return;
      await host.putTree(NEXT, await artefactTar());
      await host.putFile(MARK, artefact);
    },
    forgetBrought: () => host.remove(NEXT),
    /** In the place of the release, whose manifest goes with it; false when this artefact was not brought. */
    async take(artefact: string, manifest: string): Promise<boolean> {
      const holds = `[ "$(cat ${MARK} 2>/dev/null)" = "$WANTED" ] || exit ${OTHER}`;
      const move = `rm -f ${manifest} && rm -rf ${RELEASE} && mv -T ${NEXT} ${RELEASE}`;
      const asked = { timeoutMs: MOVE_MS, env: { WANTED: artefact } };
      const { code, stderr } = await host.exec(`${holds}; ${move}`, asked);
      if (code === 0) return true;
      if (code === OTHER) return false;
      const next = "changeover status, then: changeover resume";
      throw new Problem("step-failed", { what: `the release on "${host.name}" can't be replaced`, why: stderr, next });
    },
  };
}
