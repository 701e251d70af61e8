// The position and what was made of everything up to it, in one file that is replaced as a whole: never one without
// the other. Each page writes all of it; where that is too much, keep both in one transaction of your database.

import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import * as effect from "./effect.mjs";

/** Positions jump: what lies between was not told. */
export class GapError extends Error {
  constructor(last, found) {
    super(`position ${found} follows ${last}: nothing from there on was taken`);
    this.last = last;
  }
}

/** What is kept of one feed in a file; `position` is null before a snapshot was taken. */
export class Kept {
  constructor(file) {
    this.file = file;
    const known = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : { position: null, made: effect.nothing() };
    this.position = known.position;
    this.made = known.made;
  }

  /** Begin, or begin again, with the lines of a snapshot. */
  begin(position, lines) {
    const made = effect.nothing();
    for (const line of lines) effect.count(made, line, line.count);
    this.#keep(position, made);
  }

  /** Take events in order, leaving out those that came before; throw GapError if one is missing, and take none. */
  add(events) {
    let last = this.position ?? 0;
    const fresh = events.filter((event) => event.position > last);
    for (const event of fresh) {
      if (event.position > last + 1) throw new GapError(last, event.position);
      last = event.position;
    }
    if (!fresh.length) return;
    const made = structuredClone(this.made);
    for (const event of fresh) effect.count(made, event);
    this.#keep(last, made);
  }

  #keep(position, made) {
    const next = `${this.file}.next`;
    writeFileSync(next, JSON.stringify({ position, made }));
    flush(next);
    renameSync(next, this.file);
    flush(dirname(this.file));
    this.position = position;
    this.made = made;
  }
}

function flush(path) {
  const opened = openSync(path, "r");
  fsyncSync(opened);
  closeSync(opened);
}
