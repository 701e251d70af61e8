// Pages that are delivered: verified as Standard Webhooks has it, and taken as if they had been read.

import { createHmac, timingSafeEqual } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";

const LARGEST = 4 * 1024 * 1024;
const TOLERANCE = 300; // seconds by which a clock may be ahead or behind

/** Receive pages on a port of this machine until the process ends; a server in front of it ends TLS. */
export function receive(port, secretFile, take) {
  let turn = Promise.resolve(); // one page after the other
  const server = createServer((request, answer) => {
    turn = turn.then(() => receivePage(request, answer, secretFile, take)).catch((error) => {
      console.error(error.message);
      answer.destroy(); // the page comes again
    });
  });
  server.requestTimeout = 10_000;
  server.listen(port, "127.0.0.1");
}

async function receivePage(request, answer, secretFile, take) {
  const body = await readBody(request);
  if (!body) return void answer.writeHead(413).end();
  const page = verify(secretFile, body, request.headers);
  if (!page) return void answer.writeHead(401).end();
  await take(page);
  answer.writeHead(204).end();
}

/** Return the body of a POST; null if it is too large. */
export async function readBody(request) {
  const parts = [];
  let size = 0;
  if (Number(request.headers["content-length"] ?? 0) > LARGEST) return null;
  for await (const part of request) {
    size += part.length;
    if (size > LARGEST) return null;
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/** Return a page that was signed with one of the secrets in a file, a line each; null if it was not. */
export function verify(secretFile, body, headers) {
  const secrets = existsSync(secretFile) ? readFileSync(secretFile, "ascii").split(/\s+/).filter(Boolean) : [];
  return secrets.some((secret) => isSigned(secret, body, headers)) ? JSON.parse(body) : null;
}

function isSigned(secret, body, headers) {
  const moment = headers["webhook-timestamp"] ?? "";
  if (!(Math.abs(Date.now() / 1000 - Number(moment)) < TOLERANCE)) return false;
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  const signed = Buffer.concat([Buffer.from(`${headers["webhook-id"]}.${moment}.`), body]);
  const signature = Buffer.from(`v1,${createHmac("sha256", key).update(signed).digest("base64")}`);
  const told = (headers["webhook-signature"] ?? "").split(" ").map((one) => Buffer.from(one));
  return told.some((one) => one.length === signature.length && timingSafeEqual(one, signature));
}
