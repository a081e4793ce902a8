/** Launches a serving server anew under its own name; what it ran with comes back when the new launch fails. */
import type { Install } from "../../../model/application.ts";
import type { Plan, PlanStep } from "../../../model/plan.ts";
import { Problem } from "../../../model/problem.ts";
import { endInstance } from "../../../steps/end-instance.ts";
import { joinPool } from "../../../steps/join-pool.ts";
import { stopRole } from "../../../steps/stop-role.ts";
import { membersOf } from "../../launching.ts";
import { ms } from "../../layout.ts";
import { act, inOrder } from "../../stage.ts";
import { type Ground, planOf, servingServer } from "./ground.ts";
import { launchSteps, startRoleOn } from "./launching.ts";

/** `next` makes what it is launched with now out of what it runs with. */
export function planRelaunch(ground: Ground, name: string, next: (current: Install) => Install): Plan {
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
  const bring = (install: Install): PlanStep[] => [
    ...launchSteps(definition, { record, install }),
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
        act(endInstance, { server: name }),
      ]),
      inOrder(`Launch "${name}" anew`, wayBack, bring(next(installed))),
    ],
    [inOrder(`Launch "${name}" with what it ran with`, "run the same steps again", bring(installed))],
  );
}
