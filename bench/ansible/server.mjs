/** The application that both sides upgrade: it says which release it is, in a header and in the answer. */
import { readFileSync } from "node:fs";
import { createServer } from "node:http";

const release = readFileSync(new URL("RELEASE", import.meta.url), "utf8").trim();
const server = createServer((request, response) => {
  response.setHeader("x-release", release);
  response.end(`${request.url === "/health" ? "well" : "here"}, release ${release}\n`);
});
server.listen(Number(process.env.PORT), process.env.HOST);
process.on("SIGTERM", () => process.exit(0));
