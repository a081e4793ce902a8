/** A template on a server: its folder, what it was launched with, and the manifest that lies there. */
import type { Host } from "../../model/host.ts";
import type { Launch, LaunchValue } from "../../model/launch.ts";
import { canonical } from "../../model/plan.ts";
import type { StepContext } from "../../model/step.ts";
import { MANIFEST, type Manifest } from "../../model/template/manifest.ts";
import { parseManifest } from "../../model/template/manifest-file.ts";
import { type KeptLaunch, LAUNCH_FILE, readLaunch } from "../../model/template/process-inputs.ts";

/** In the server's own folder. */
export const TEMPLATE_FOLDER = "template";
/** Written when all of it is there. */
const WHOLE = `${TEMPLATE_FOLDER}/.hash`;

export const templateOn = async (host: Host): Promise<string | null> => (await host.readFile(WHOLE))?.trim() ?? null;

/** Left alone where this very content is: its scripts may have put something beside themselves. */
export async function putTemplate({ world }: StepContext, host: Host, hash: string): Promise<void> {
  if ((await templateOn(host)) === hash) return;
  await host.putTree(TEMPLATE_FOLDER, await world.artefact(hash));
  await host.putFile(WHOLE, hash);
}

/** As it was launched, whatever the library holds by now. Null when none is there. */
export async function manifestOn(host: Host): Promise<Manifest | null> {
  const text = await host.readFile(`${TEMPLATE_FOLDER}/${MANIFEST}`);
  return text === null ? null : parseManifest(text, `"${host.name}":${TEMPLATE_FOLDER}/${MANIFEST}`);
}

export const launchOn = async (host: Host): Promise<KeptLaunch | null> => readLaunch(await host.readFile(LAUNCH_FILE));

/** It names credentials and holds none, but what is plain in it is nobody else's business either. */
export const keepLaunch = (host: Host, launch: Launch, resolved: Record<string, LaunchValue>): Promise<void> =>
  host.putFile(LAUNCH_FILE, JSON.stringify({ ...launch, resolved } satisfies KeptLaunch), 0o600);

export const isLaunchedWith = (kept: KeptLaunch | null, launch: Launch): boolean => {
  if (!kept) return false;
  const { resolved: _, ...rest } = kept;
  return canonical(rest) === canonical(launch);
};
