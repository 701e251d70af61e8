// Loaded before a follower in Node: kills it where it is about to write for the n-th time.

import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

let left = Number(process.env.KILLED_AT);
for (const name of ["appendFileSync", "fsyncSync", "renameSync", "rmSync", "writeFileSync"]) {
  const write = fs[name];
  fs[name] = (...told) => {
    left -= 1;
    if (!left) process.kill(process.pid, "SIGKILL");
    return write(...told);
  };
}
syncBuiltinESMExports();
