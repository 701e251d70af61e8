/** What entries say, in words: each value by the shape that its field has in the form. */
import { computed, ref, type Ref } from 'vue'
import { inWords, writeDay } from '../../language'
import { sayAll, write, type Said } from '../../parts/said'
import { fieldsOf, inOrder, type Field } from '../../parts/shapes'
import { unitOf } from '../../vocabulary'
import * as archives from '../../words/archives'
import type { Entry } from './reading'

type Content = Record<string, unknown>
/** What stands first in forms, in lines of a list, in a print: what a visit is about, before what may be added. */
export const ORDER = [
  'stage', 'vaccine', 'dose', 'disease', 'result', 'mode', 'topic', 'form', 'impairment', 'service', 'systolic', 'diastolic', 'fasting_glucose',
  'stability', 'risk', 'heart_rate', 'weight_kg', 'height_cm', 'waist_cm', 'temperature', 'glycated_haemoglobin', 'weeks', 'smokes_a_day',
  'salt_reduced', 'reason', 'to', 'adherence', 'medications', 'side_effects', 'complications', 'new_complication', 'urgent', 'referred', 'next_on',
]
const words = inWords(archives)
const OPERATION = 'POST /archives/{person_id}/entries'
const kinds = ref<Record<string, Field[]>>()
let asked: Promise<void> | undefined

async function load(): Promise<void> {
  const content = (await fieldsOf('archives', OPERATION)).find(({ name }) => name === 'content')?.shape
  if (content?.kind !== 'variants') throw new Error('entries have no kinds')
  const all = Object.entries(content.choices).map(([kind, shape]) => [kind, shape.kind === 'group' ? inOrder(shape.fields, ORDER) : []] as const)
  kinds.value = Object.fromEntries(all)
}

/** Return the fields of each kind of entry; undefined until they have come. */
export function useKinds(): Ref<Record<string, Field[]> | undefined> {
  asked ??= load()
  return kinds
}

/** Return everything that a content says, field by field. */
export function sayContent(content: object, fields: Field[] = []): Said[] {
  return joinPressure(sayAll(content, fields))
}

/** A blood pressure is one value of two numbers. */
function joinPressure(said: Said[]): Said[] {
  const [upper, lower] = ['systolic', 'diastolic'].map((name) => said.find((each) => each.name === name))
  if (!upper || !lower) return said
  const joined = { ...upper, label: words.value.pressure, text: `${parseInt(upper.text)}/${lower.text}` }
  return said.filter((each) => each !== lower).map((each) => (each === upper ? joined : each))
}

/** Return the newest standing entry of a kind; undefined if there is none. */
export function lastOf(entries: Entry[], kind: string): Entry | undefined {
  return entries.findLast((entry) => entry.state !== 'voided' && entry.content.kind === kind)
}

/** Return what was last measured by each field that a kind has, in whatever kind of entry, with its day. */
export function lastValues(entries: Entry[], fields: Field[]): Record<string, string> {
  const found: Record<string, string> = {}
  for (const { name, shape } of fields) {
    if (shape.kind !== 'number') continue
    const entry = entries.findLast(({ state, content }) => state !== 'voided' && write((content as Content)[name], shape, name))
    if (entry) found[`content.${name}`] = `${write((entry.content as Content)[name], shape, name)} · ${writeDay(entry.measured_at)}`
  }
  return found
}

/** Return the numbers of standing entries by what was measured, each with its day, the oldest first. */
export function useMeasurements(entries: () => Entry[]) {
  const fields = useKinds()
  return computed(() => {
    const found = new Map<string, [string, number][]>()
    for (const { state, measured_at, content } of entries()) {
      if (state === 'voided') continue
      for (const { name, shape } of fields.value?.[content.kind] ?? []) {
        const value = (content as Content)[name]
        if (shape.kind === 'number' && unitOf(name) && typeof value === 'number') {
          found.set(name, [...(found.get(name) ?? []), [measured_at, value]])
        }
      }
    }
    return found
  })
}
