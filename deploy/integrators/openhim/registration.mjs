// What OpenHIM is told of the mediator: that it is there and where, and every ten seconds that it still is.

import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

const BEAT = 10_000; // milliseconds; OpenHIM takes a mediator for lost after a minute

export const URN = "urn:mediator:houniao-feed";

/** Return what is registered: a mediator that is reached at a host and port, and the channel that leads to it. */
export function describe(host, port) {
  const route = { name: "Houniao feed", host, port, path: "/", type: "http" };
  return {
    urn: URN,
    version: "0.1.0",
    name: "Houniao feed",
    description: "Takes the pages of a feed by webhook, verifies who signed them and passes them on",
    endpoints: [route],
    defaultChannelConfig: [
      {
        name: "Houniao feed",
        urlPattern: "^/houniao/feed$",
        methods: ["POST"],
        type: "http",
        authType: "public", // a webhook has no credentials; what counts is its signature
        allow: [],
        routes: [{ ...route, primary: true }],
      },
    ],
  };
}

/** Register, and say so again for as long as the process runs, also to an OpenHIM that was away or forgot. */
export async function stayRegistered(openhim, mediator) {
  for (let registered = false; ; await sleep(BEAT)) {
    try {
      if (!registered) await ask(openhim, "/mediators", mediator, 201);
      registered = true;
      await ask(openhim, `/mediators/${mediator.urn}/heartbeat`, { uptime: process.uptime() }, 200);
    } catch (error) {
      registered = false;
      console.error(error.message);
    }
  }
}

/** Ask the API of OpenHIM as a user of it; throw an error for anything but the status that says that it was done. */
async function ask({ url, user, passwordFile }, path, body, status) {
  const password = readFileSync(passwordFile, "utf8").trim();
  const credentials = Buffer.from(`${user}:${password}`).toString("base64");
  const headers = { Authorization: `Basic ${credentials}`, "Content-Type": "application/json" };
  const signal = AbortSignal.timeout(10_000);
  const answer = await fetch(`${url}${path}`, { method: "POST", headers, body: JSON.stringify(body), signal });
  if (answer.status !== status) throw new Error(`OpenHIM answered ${answer.status} to ${path}`);
}
