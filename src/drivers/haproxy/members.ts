/** Takes application servers in and out of a slot without losing a request. */
import { type Clock, waitFor } from "../../model/clock.ts";
import type { Slot } from "../../model/load-balancer.ts";
import { checkServer } from "../../model/load-balancer-check.ts";
import { Problem } from "../../model/problem.ts";
import { SERVER_WORDS } from "./config.ts";
import { type Desired, type DesiredMember } from "./desired.ts";
import { joinAddress, parseServers, type ServerRow } from "./parse.ts";
import type { Wire } from "./wire.ts";

const CHECK_LIMIT = 6_000;
const CUT_LIMIT = 5_000;

interface Tools {
  clock: Clock;
  wire: Wire;
  /** Rewrites the files with one change; the process is told afterwards. */
  rewrite(change: (desired: Desired) => void): Promise<void>;
  /** The servers of a slot, read once for all who ask at once: a hundred may come and go side by side. */
  rows: Record<Slot, () => Promise<ServerRow[]>>;
}

export async function readServers(wire: Wire, backend: string): Promise<ServerRow[]> {
  // 4 means servers, -1 all of them; the JSON form costs a hundred times as much.
  return parseServers(await wire.ask(`show stat ${backend} 4 -1;show servers state ${backend}`));
}

const findServer = async ({ rows }: Tools, slot: Slot, server: string) =>
  (await rows[slot]()).find((it) => it.server === server);

export async function addMember(tools: Tools, slot: Slot, member: DesiredMember): Promise<void> {
  const { wire, clock } = tools;
  const backend = `web_${slot}`;
  const there = await findServer(tools, slot, member.server);
  if (there && joinAddress(there) !== joinAddress(member)) throw otherAddress(slot, member, there);
  // A state that was left behind half-way is begun again; one that serves is left alone.
  if (there?.state !== "ready") await addDrained(wire, backend, member, there !== undefined);
  // A dead server that has been checked stays down when it is made ready: HAProxy itself lets it in when it is well.
  const checked = await waitFor(clock, { withinMs: CHECK_LIMIT, everyMs: 50 }, async () => {
    const row = await findServer(tools, slot, member.server);
    return row && row.check !== "" ? row : null;
  });
  if (!checked) throw neverChecked(slot, member);
  await tools.rewrite(({ members }) => {
    members[slot] = [...members[slot].filter((it) => it.server !== member.server), member];
  });
  if (checked.state !== "ready") await wire.act([`set server ${backend}/${member.server} state ready`]);
  const row = await findServer(tools, slot, member.server);
  if (row?.state !== "ready") throw notSo(slot, member.server, "is not ready after it was made so");
}

/** Through drain on purpose: from maintenance straight to ready, HAProxy sends requests before the first check. */
async function addDrained(wire: Wire, backend: string, member: DesiredMember, exists: boolean): Promise<void> {
  const name = `${backend}/${member.server}`;
  // Never `enabled` here: HAProxy 2.6 then miscounts its active servers and later hangs requests.
  const add = exists ? [] : [`add server ${name} ${joinAddress(member)} ${SERVER_WORDS}`];
  await wire.act([...add, `set server ${name} state drain`, `enable health ${name}`]);
}

export async function drainMember(tools: Tools, slot: Slot, server: string): Promise<void> {
  const { wire } = tools;
  checkServer(server);
  await tools.rewrite(({ members }) => {
    members[slot] = members[slot].filter((it) => it.server !== server);
  });
  const there = () => findServer(tools, slot, server);
  if (!(await there())) return;
  await wire.act([`set server web_${slot}/${server} state drain`]);
  const row = await there();
  if (row && row.state !== "drain") throw notSo(slot, server, `is in ${row.state} after it was told to drain`);
}

export async function removeMember(tools: Tools, slot: Slot, server: string, drainMs: number): Promise<void> {
  const { wire, clock } = tools;
  const name = `web_${slot}/${server}`;
  const there = () => findServer(tools, slot, server);
  await drainMember(tools, slot, server);
  if (!(await there())) return;
  const idle = await waitFor(clock, { withinMs: drainMs, everyMs: 50 }, async () => {
    const row = await there();
    return !row || row.sessions + row.queued === 0;
  });
  if (!idle) await wire.act([`shutdown sessions server ${name}`]);
  await wire.act([`set server ${name} state maint`]);
  const gone = await waitFor(clock, { withinMs: CUT_LIMIT, everyMs: 50 }, async () => {
    const row = await there();
    if (!row) return true;
    if (row.sessions + row.queued > 0) await wire.act([`shutdown sessions server ${name}`]);
    else await wire.act([`del server ${name}`]).catch(ignoreStillInUse);
    return false;
  });
  if (!gone) throw notSo(slot, server, "could not be removed: connections to it do not end");
}

/** A last connection may end between our look and the removal; the next round sees it. */
function ignoreStillInUse(error: unknown): void {
  if (error instanceof Problem && error.text.why.includes("still has connections")) return;
  throw error;
}

function otherAddress(slot: Slot, member: DesiredMember, there: ServerRow): Problem {
  return new Problem("refused", {
    what: `"${member.server}" is already in slot ${slot} under another address`,
    why: `it is ${joinAddress(there)} there, and ${joinAddress(member)} was asked for`,
    next: "remove it from the slot first",
  });
}

function neverChecked(slot: Slot, member: DesiredMember): Problem {
  return new Problem("timed-out", {
    what: `"${member.server}" was not let into slot ${slot}`,
    why: `no health check of ${joinAddress(member)} ended within ${CHECK_LIMIT / 1000} s`,
    next: "changeover status",
  });
}

function notSo(slot: Slot, server: string, why: string): Problem {
  return new Problem("step-failed", { what: `"${server}" in slot ${slot}`, why, next: "changeover status" });
}
