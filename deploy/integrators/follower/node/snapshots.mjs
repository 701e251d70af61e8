// The snapshot: what was told up to a position, downloaded whole, however often that breaks off, and verified.

import { createHash } from "node:crypto";
import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** Return the position of a snapshot and its file, which is complete. */
export async function take(feed, folder) {
  for (;;) {
    const manifest = await awaitManifest(feed);
    const name = `${manifest.sha256}.snapshot`;
    for (const other of readdirSync(folder)) {
      if (other.endsWith(".snapshot") && other !== name) rmSync(join(folder, other));
    }
    const file = join(folder, name);
    if (await download(feed, manifest, file)) return [manifest.position, file];
  }
}

/** Return the lines of a snapshot. */
export function readLines(file) {
  return readFileSync(file, "utf8").split("\n").filter(Boolean).map((line) => JSON.parse(line));
}

async function awaitManifest(feed) {
  let answer = await feed.ask("POST", "/snapshot", (made) => made.json());
  while (answer.making) {
    await sleep(1000);
    answer = await feed.ask("GET", "/snapshot", (made) => made.json());
  }
  return answer.ready;
}

/** Download what is missing; return whether the file is the snapshot of the manifest, else leave none. */
async function download(feed, manifest, file) {
  appendFileSync(file, "");
  for (let have; (have = statSync(file).size) < manifest.size; ) {
    if (!(await goOn(feed, manifest, file, have))) break;
    if (statSync(file).size === have) await sleep(1000);
  }
  const content = readFileSync(file);
  const digest = createHash("sha256").update(content).digest("hex");
  if (content.length === manifest.size && digest === manifest.sha256) return true;
  rmSync(file);
  return false;
}

/** Append what comes until it breaks off; return whether it was of the snapshot of the manifest. */
function goOn(feed, manifest, file, have) {
  const tag = `"${manifest.sha256}"`;
  const wanted = { "Accept-Encoding": "identity", "If-Range": tag, Range: `bytes=${have}-` };
  return feed.ask("GET", "/snapshot/content", append, wanted);

  async function append(answer) {
    if (answer.headers.get("ETag") !== tag) return false; // there is another one meanwhile
    const some = answer.body.getReader();
    for (;;) {
      const { done, value } = await some.read().catch(() => ({ done: true })); // broken off: gone on with later
      if (done) return true;
      appendFileSync(file, value);
    }
  }
}
