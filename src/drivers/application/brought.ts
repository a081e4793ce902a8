/** A release that was brought to a server before it is installed: beside the one that is there, in its place in a moment. */
import type { Host, Stored } from "../../model/host.ts";
import { Problem } from "../../model/problem.ts";
import { RELEASE } from "./inputs.ts";

const NEXT = "release-next";
/** Written when all of it is there. */
const MARK = `${NEXT}/.brought`;
const MOVE_MS = 60_000;

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
    /** In the place of the release; false when this artefact was not brought. */
    async take(artefact: string): Promise<boolean> {
      if ((await brought()) !== artefact) return false;
      const { code, stderr } = await host.exec(`rm -rf ${RELEASE} && mv -T ${NEXT} ${RELEASE}`, { timeoutMs: MOVE_MS });
      if (code === 0) return true;
      const next = "changeover status, then: changeover resume";
      throw new Problem("step-failed", { what: `the release on "${host.name}" can't be replaced`, why: stderr, next });
    },
  };
}
