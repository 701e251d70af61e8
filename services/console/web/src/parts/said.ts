/** What a form's values say in words: each by the shape of its field. */
import { words, writeDay, writeMoment } from '../language'
import { nameDivision } from '../divisions'
import { labelOf, nameCode, unitOf } from '../vocabulary'
import type { Field, Shape } from './shapes'

type Values = Record<string, unknown>
export interface Said {
  name: string
  label: string
  text: string
}

/** Return a value in words; empty if there is nothing to say. */
export function write(value: unknown, shape: Shape, name: string): string {
  if (value === null || value === undefined || value === '' || (value === false && shape.kind === 'yes')) return ''
  switch (shape.kind) {
    case 'choice': return shape.named?.[String(value)] ?? nameCode(shape.of, String(value))
    case 'day': return writeDay(String(value))
    case 'moment': return writeMoment(String(value))
    case 'division': return nameDivision(String(value))
    case 'yes': case 'answer': return value ? words.value.yes : words.value.no
    case 'number': return [value, unitOf(name)].filter((each) => each !== undefined).join(' ')
    case 'list': return (value as unknown[]).map((each) => write(each, shape.of, name)).join('；')
    case 'group': return sayAll(value as Values, shape.fields).map(({ label, text }) => (/^[\d.]+$/.test(text) ? `${label} ${text}` : text)).join(' ')
    default: return String(value)
  }
}

/** Return everything that values say, field by field. */
export function sayAll(values: object, fields: Field[]): Said[] {
  const said = fields.map(({ model, name, title, shape }) => ({
    name,
    label: labelOf(model, name) ?? title,
    text: write((values as Values)[name], shape, name),
  }))
  return said.filter(({ text }) => text)
}
