/** What is owed to a person: what it is called, and where it is done. */
import type { RouteLocationRaw } from 'vue-router'
import { nameCode } from '../../vocabulary'
import type { Duty } from './reading'

const STAGES: Partial<Record<Duty['kind'], string>> = { child_visit: 'ChildStage', maternal_visit: 'MaternalStage' }

/** Return the vaccine and the dose of a duty's item, such as MMR-1. */
export function readVaccine(item = ''): { vaccine: string; dose: number } {
  const at = item.lastIndexOf('-')
  return { vaccine: item.slice(0, at), dose: Number(item.slice(at + 1)) }
}

/** Return which vaccine, or the visit of which stage, a duty is about; empty if its kind says all. */
export function nameItem({ kind, item }: Duty, nthDose: (dose: number) => string): string {
  if (!item) return ''
  if (kind === 'vaccination') {
    const { vaccine, dose } = readVaccine(item)
    return `${nameCode('Vaccine', vaccine)} ${nthDose(dose)}`
  }
  const stage = STAGES[kind]
  return stage ? nameCode(stage, item) : ''
}

export interface Line {
  /** The one that is due first of those of a kind. */
  duty: Duty
  /** How many there are of the kind, and what they are about. */
  count: number
  items: string[]
}

/** Return duties by kind, so that a child who missed ten vaccinations is one line. */
export function linesOf(duties: Duty[], nthDose: (dose: number) => string): Line[] {
  const lines = new Map<string, Line>()
  for (const duty of duties) {
    const line = lines.get(duty.kind) ?? { duty, count: 0, items: [] }
    lines.set(duty.kind, { ...line, count: line.count + 1, items: [...line.items, nameItem(duty, nthDose)] })
  }
  return [...lines.values()]
}

/** Return where a duty is done: the form of an entry, or the referral whose outcome is asked for. */
export function placeOf(person: string, { kind, item }: Duty): RouteLocationRaw {
  if (kind === 'referral_check') return { name: 'entry', params: { person, entry: item || '' } }
  const entered = kind === 'annual_exam' || kind === 'elderly_exam' ? 'physical_exam' : kind
  return { name: 'record', params: { person, kind: entered }, query: item ? { item } : {} }
}
