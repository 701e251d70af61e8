#!/usr/bin/env node
// A mediator: takes a page of a feed from OpenHIM, verifies who signed it, passes it on, and says what came of it.

import { createServer } from "node:http";
import { readBody, verify } from "../follower/node/webhooks.mjs";
import { describe, stayRegistered, URN } from "./registration.mjs";

const { OPENHIM_URL, OPENHIM_USER, OPENHIM_PASSWORD_FILE, HOST, PORT, SECRET_FILE, PASS_ON_TO } = process.env;
const BATCH = "application/cloudevents-batch+json";
const PATIENCE = 8000; // milliseconds; whoever sent the page waits for ten seconds

/** Pass a page on, and return what was asked and answered, as an orchestration. */
async function passOn(page, id) {
  const body = JSON.stringify(page);
  const headers = { "Content-Type": BATCH, "webhook-id": id };
  const { hostname, port, pathname, search } = new URL(PASS_ON_TO);
  const asked = { host: hostname, port, path: pathname, querystring: search, method: "POST", headers, body };
  const request = { ...asked, timestamp: new Date() };
  let response;
  try {
    const signal = AbortSignal.timeout(PATIENCE);
    const answer = await fetch(PASS_ON_TO, { method: "POST", headers, body, redirect: "manual", signal });
    response = { status: answer.status, headers: Object.fromEntries(answer.headers), body: await answer.text() };
  } catch (error) {
    response = { status: 504, headers: {}, body: error.cause?.code ?? error.message };
  }
  return { name: "Pass on", request, response: { ...response, timestamp: new Date() } };
}

/** Return what OpenHIM is told: how it went, what it answers, and what was done for it. */
function report(status, orchestrations, properties = {}) {
  return {
    "x-mediator-urn": URN,
    status: status < 300 ? "Successful" : "Failed",
    response: { status, headers: {}, body: "", timestamp: new Date() },
    orchestrations,
    properties,
  };
}

/** Take a page; one that is not passed on is answered so that it comes again. */
async function mediate(request) {
  const body = await readBody(request);
  if (!body) return report(413, []);
  const page = verify(SECRET_FILE, body, request.headers);
  if (!page) return report(401, []);
  const passed = await passOn(page, request.headers["webhook-id"]);
  const positions = page.length ? { first: page[0].position, last: page.at(-1).position } : {};
  return report(passed.response.status < 300 ? 204 : 502, [passed], positions);
}

createServer(async (request, answer) => {
  try {
    const told = JSON.stringify(await mediate(request));
    answer.writeHead(200, { "Content-Type": "application/json+openhim" }).end(told);
  } catch (error) {
    console.error(error.message);
    answer.destroy();
  }
}).listen(Number(PORT));

await stayRegistered(
  { url: OPENHIM_URL, user: OPENHIM_USER, passwordFile: OPENHIM_PASSWORD_FILE },
  describe(HOST, Number(PORT)),
);
