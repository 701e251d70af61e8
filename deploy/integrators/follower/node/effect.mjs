// What is made of what is told: here how many events of each kind say just the same. Put your own in its place.

export const nothing = () => ({});

/** Count an event; of a snapshot, a line that stands for several. */
export function count(counts, told, times = 1) {
  const alike = JSON.stringify([told.type, Object.fromEntries(Object.entries(told.data).sort())]);
  counts[alike] = (counts[alike] ?? 0) + times;
}

/** Yield what was counted. */
export function* read(counts) {
  for (const [alike, number] of Object.entries(counts)) {
    const [type, data] = JSON.parse(alike);
    yield { type, data, count: number };
  }
}
