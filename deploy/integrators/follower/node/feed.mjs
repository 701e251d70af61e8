// The feed over HTTP: each request is made until something is decided, and what is refused for good is thrown.

import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

const LONGEST_PAUSE = 60;
const LATER = [408, 429]; // what passes by itself, like everything from 500 on

/** What will be refused again: `not_subscribed`, `subscription_expired`, `outside_your_division` and others. */
export class RefusedError extends Error {}

/** What follows the position stands in the snapshot alone any more. */
export class CompactedError extends Error {}

/** A district's feed; the token is read from its file for each request, since one lasts for hours at most. */
export class Feed {
  constructor(base, name, district, tokenFile) {
    Object.assign(this, { base, name, district, tokenFile });
  }

  /** Return the events after a position; wait for some for so many seconds. */
  read(after, wait = 30) {
    return this.ask("GET", "", (answer) => answer.json(), {}, { after, limit: 1000, wait });
  }

  /** Return what is taken from the answer to a request, made again until there is one. */
  async ask(method, path, take, headers = {}, parameters = {}) {
    const asked = new URLSearchParams({ division: this.district, ...parameters });
    for (let pause = 1; ; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
      const token = this.#token();
      const signed = { Authorization: `Bearer ${token}`, ...headers };
      let status, told, later;
      try {
        const signal = AbortSignal.timeout(60_000);
        const url = `${this.base}/feeds/${this.name}${path}?${asked}`;
        const answer = await fetch(url, { method, headers: signed, redirect: "manual", signal });
        if (answer.ok) return await take(answer);
        status = answer.status;
        later = answer.headers.get("Retry-After") ?? "";
        told = await answer.text();
      } catch (error) {
        if (error.name !== "TimeoutError" && !(error instanceof TypeError)) throw error; // fetch's own are these
        await rest(pause, error.cause?.code ?? error.message);
        continue;
      }
      if (status === 401) await this.#awaitAnother(token);
      else await rest(pauseAfter(status, told, later, pause), `answered ${status}`);
    }
  }

  #token() {
    return readFileSync(this.tokenFile, "ascii").trim();
  }

  /** Wait until there is another token: the same one would be refused again. */
  async #awaitAnother(token) {
    console.error(`the token is over: put another one into ${this.tokenFile}`);
    while (this.#token() === token) await sleep(1000);
  }
}

/** Return how long to wait after an answer that is no success; throw what asking again does not change. */
function pauseAfter(status, told, later, pause) {
  if (status === 410) throw new CompactedError();
  if (status < 500 && !LATER.includes(status)) throw new RefusedError(`${status} ${told}`);
  return /^\d+$/.test(later) ? Math.max(pause, Number(later)) : pause;
}

/** Wait, a part of it by chance: those who failed together come back apart. */
async function rest(pause, why) {
  const seconds = (pause * (1 + Math.random())) / 2;
  console.error(`${why}: goes on in ${seconds.toFixed(0)} s`);
  await sleep(seconds * 1000);
}
