#!/usr/bin/env node
// `node follow.mjs follow`, `receive` or `show`; what it needs to know is in the environment.

import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import * as effect from "./effect.mjs";
import { CompactedError, Feed, RefusedError } from "./feed.mjs";
import { GapError, Kept } from "./kept.mjs";
import * as snapshots from "./snapshots.mjs";
import { receive } from "./webhooks.mjs";

const REFUSED = 3; // exit code: asking again changes nothing
const GAP = 4; // exit code: positions jump

const { URL: base, DISTRICT, TOKEN_FILE, SECRET_FILE, PORT, FEED = "stays", FOLDER = "." } = process.env;
const feed = new Feed(base, FEED, DISTRICT, TOKEN_FILE);
const kept = new Kept(join(FOLDER, `${FEED}-${DISTRICT}.json`));

/** Begin with a snapshot, in place of everything before. */
async function begin() {
  const [position, file] = await snapshots.take(feed, FOLDER);
  kept.begin(position, snapshots.readLines(file));
  rmSync(file);
}

/** Take the next page, or a snapshot where there is none to go on with. */
async function readOn(wait) {
  try {
    kept.add(await feed.read(kept.position, wait));
  } catch (error) {
    if (!(error instanceof CompactedError)) throw error;
    await sleep(1000); // lest a feed that says so again be asked all the time
    await begin();
  }
}

/** Take a page that was delivered, after what was told before it and did not come. */
async function take(page) {
  for (;;) {
    try {
      return kept.add(page);
    } catch (error) {
      if (!(error instanceof GapError)) throw error;
      await readOn(0);
      if (kept.position === error.last) throw error;
    }
  }
}

async function main(command) {
  if (!["follow", "receive", "show"].includes(command)) throw new Error("say what to do: follow, receive or show");
  if (command === "show") {
    for (const counted of effect.read(kept.made)) console.log(JSON.stringify(counted));
    return;
  }
  if (kept.position === null) await begin();
  if (command === "receive") return receive(Number(PORT), SECRET_FILE, take);
  for (;;) await readOn(30);
}

main(process.argv[2]).catch((error) => {
  console.error(error.message);
  process.exit(error instanceof RefusedError ? REFUSED : error instanceof GapError ? GAP : 1);
});
