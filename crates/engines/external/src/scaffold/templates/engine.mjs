import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

const send = (type, run, fields) => console.log(JSON.stringify({ type, run, ...fields }));

const operations = {
  "__NAME__.greet": (run, params) => {
    send("progress", run, { fraction: 0.5 });
    return { greeting: `Hello, ${params.name}!` };
  },
};
const engine = JSON.parse(readFileSync("manifest.json", "utf8"));
for await (const line of createInterface({ input: process.stdin })) {
  const { type, run, operation, params } = JSON.parse(line);
  if (type === "hello") send("ready", run, { protocol: 1, engine });
  if (type !== "run") continue;
  try {
    send("done", run, { report: operations[operation](run, params) });
  } catch (error) {
    send("failed", run, { kind: "bug", message: String(error) });
  }
}
