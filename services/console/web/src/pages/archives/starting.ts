/** What a form starts with, so that nothing is asked that is known, and what a health worker is warned of while typing. */
import { lastOf } from './contents'
import { readVaccine } from './duties'
import type { Entry } from './reading'

type Content = Record<string, unknown>
/** What goes on from one follow-up to the next; what is measured is measured anew each time. */
const GOES_ON = ['medications', 'last_period_on', 'impairment', 'grade']

/** Return the content that the form of a kind starts with: what the duty says, and what goes on since the last one. */
export function startContent(kind: string, item: string, entries: Entry[]): Content {
  const last = lastOf(entries, kind)?.content as Content | undefined
  const kept = Object.fromEntries(GOES_ON.flatMap((name) => (last?.[name] == null ? [] : [[name, copy(last[name])]])))
  if (kind === 'vaccination') return item ? { ...readVaccine(item) } : {}
  if (kind === 'child_visit') return item ? { stage: item } : {}
  if (kind === 'maternal_visit') return { ...kept, ...(item ? { stage: item } : {}) }
  return kept
}

const copy = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

/** Limits of the national specification, in mmHg and mmol/L. */
const SYSTOLIC = { high: 140, urgent: 180 }
const DIASTOLIC = { high: 90, urgent: 110 }
const GLUCOSE = { low: 3.9, urgent: 16.7 }

/** Return what to point out about numbers that were typed; undefined if there is nothing. */
export function warnOf(content: unknown): 'high' | 'overLimit' | 'glucoseHigh' | undefined {
  const { systolic, diastolic, fasting_glucose } = (content ?? {}) as Record<string, string | number | undefined>
  const [upper, lower, glucose] = [Number(systolic || 0), Number(diastolic || 0), Number(fasting_glucose || 0)]
  if (upper >= SYSTOLIC.urgent || lower >= DIASTOLIC.urgent) return 'high'
  if (glucose >= GLUCOSE.urgent || (glucose > 0 && glucose <= GLUCOSE.low)) return 'glucoseHigh'
  return upper >= SYSTOLIC.high || lower >= DIASTOLIC.high ? 'overLimit' : undefined
}
