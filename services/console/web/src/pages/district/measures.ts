/** What measures are called, and whether people are behind them. */
import { writeNumber } from '../../language'
import { nameCode } from '../../vocabulary'
import type * as explain from '../../words/explain'

/** The families of measures that rows about nobody contribute to. */
const THINGS = new Set([
  'activity', 'article', 'board', 'exposure', 'institution', 'material', 'play', 'prescription_use', 'supervision', 'survey', 'training',
])

/** Return whether people are behind a measure; yearly figures and estimates are no measures. */
export function isAboutPeople(measure: string): boolean {
  const family = measure.split('.')[0]!
  return !THINGS.has(family) && family !== 'figure' && family !== 'estimate'
}

/** Return what a measure is called: by its own name, or by its family's and what it is about. */
export function nameMeasure(measure: string, words: typeof explain.zh): string {
  const own = words.measures[measure]
  if (own) return own
  const family = Object.keys(words.families).find((each) => measure.startsWith(each))
  if (!family) return measure
  const rest = measure.slice(family.length)
  const kinds = { 'flow.in.': 'Purpose', 'vaccine.due.': 'Vaccine', 'vaccine.done.': 'Vaccine' } as Record<string, string>
  const kind = kinds[family]
  return words.families[family] + (kind ? nameCode(kind, rest) : decodeURIComponent(rest).replace('_', '–'))
}

/** Return a value of an indicator as people write it. */
export function writeValue(value: number | null | undefined, unit: string | undefined): string {
  if (value == null) return '—'
  if (unit === 'rate') return `${(100 * value).toFixed(1)}%`
  return unit === 'per_1000' ? `${value.toFixed(2)}‰` : writeNumber(value)
}
