/** Where a server's unix sockets lie when its own folder is too deep for them; the runner removes it on retire. */
import { createHash } from "node:crypto";

/** Depends on the server's folder only, so that everybody finds it again. */
export const shortSocketFolder = (directory: string): string =>
  `/tmp/changeover-${createHash("sha256").update(directory).digest("hex").slice(0, 16)}`;
