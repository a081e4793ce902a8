/** Launches a serving server anew under its own name; what it ran with comes back when the new launch fails. */
import type { Plan, PlanStep } from "../../../model/plan.ts";
import { Problem } from "../../../model/problem.ts";
import { BESIDE, type ServerRecord } from "../../../model/provider.ts";
import { endInstance } from "../../../steps/end-instance.ts";
import { joinPool } from "../../../steps/join-pool.ts";
import { stopRole } from "../../../steps/stop-role.ts";
import { leaveSteps } from "../../boot.ts";
import { membersOf } from "../../launching.ts";
import { ms } from "../../layout.ts";
import { act, inOrder } from "../../stage.ts";
import { type Ground, planOf, servingServer } from "./ground.ts";
import { type Launching, launchSteps, startRoleOn } from "./launching.ts";

type Current = Pick<Launching, "install" | "boot">;

/** Without what its last life wrote on it. */
function bare({ labels, ...record }: ServerRecord): ServerRecord {
  const own = ["slot", "group", "clonedFrom", BESIDE].flatMap((key) =>
    labels[key] === undefined ? [] : [[key, labels[key]]],
  );
  return { ...record, labels: Object.fromEntries(own) };
}

/** `next` makes what it is launched with now out of what it runs with. */
export function planRelaunch(ground: Ground, name: string, next: (current: Current) => Current): Plan {
  const { definition } = ground;
  const { limits } = definition;
  const { server, pool, leave } = servingServer(ground, name, "relaunched");
  const { record, installed, roles } = server;
  if (!installed) {
    throw new Problem("refused", {
      what: `"${name}" can't be relaunched`,
      why: "nothing says what it runs with, so nothing could be put back",
      next: `changeover server replace ${definition.environment} ${name}`,
    });
  }
  const works = roles.worker === "running" || roles.worker === "failing";
  const graceMs = ms(limits.stopSeconds);
  const current: Current = { install: installed, boot: ground.boots.get(name) ?? null };
  const bring = (wanted: Current): PlanStep[] => [
    ...launchSteps(definition, { record: bare(record), ...wanted }),
    act(joinPool, { ...pool, members: membersOf(definition, [record]), healthyMs: ms(limits.healthySeconds) }),
    ...(works ? [startRoleOn(definition, name, "worker")] : []),
  ];
  const wayBack = `launch "${name}" again with what it ran with; the others serve meanwhile`;
  return planOf(
    ground,
    "relaunch-server",
    [
      inOrder(`Take "${name}" out of service`, wayBack, [
        ...leave,
        ...(works ? [act(stopRole, { servers: [name], role: "worker" as const, graceMs })] : []),
        act(stopRole, { servers: [name], role: "web", graceMs }),
        ...leaveSteps(() => current.boot, record),
        act(endInstance, { server: name }),
      ]),
      inOrder(`Launch "${name}" anew`, wayBack, bring(next(current))),
    ],
    [inOrder(`Launch "${name}" with what it ran with`, "run the same steps again", bring(current))],
  );
}
