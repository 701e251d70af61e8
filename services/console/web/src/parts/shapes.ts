/** Request bodies as forms see them: what each field holds, read from the OpenAPI description of its operation. */
import type { Service } from '../api'
import { words } from '../language'

interface Schema {
  $ref?: string
  type?: string
  format?: string
  enum?: string[]
  const?: unknown
  pattern?: string
  title?: string
  description?: string
  default?: unknown
  minimum?: number
  maximum?: number
  maxLength?: number
  maxItems?: number
  items?: Schema
  properties?: Record<string, Schema>
  required?: string[]
  anyOf?: Schema[]
  oneOf?: Schema[]
  discriminator?: { propertyName: string; mapping: Record<string, string> }
}
interface Described {
  operations: Record<string, Schema>
  schemas: Record<string, Schema>
}

export type Shape =
  | { kind: 'text'; long: boolean; most?: number }
  | { kind: 'number'; whole: boolean; least?: number; most?: number }
  | { kind: 'day' | 'moment' | 'yes' | 'answer' | 'file' }
  | { kind: 'choice'; of: string; codes: string[]; named?: Record<string, string> }
  | { kind: 'division'; digits: number[] }
  | { kind: 'fixed'; value: unknown }
  | { kind: 'list'; of: Shape; most?: number }
  | { kind: 'group'; fields: Field[] }
  | { kind: 'variants'; by: string; choices: Record<string, Shape> }

export interface Field {
  /** The model that the field belongs to, by which its words are found. */
  model: string
  name: string
  title: string
  about: string
  required: boolean
  initial: unknown
  shape: Shape
}

export interface Choice {
  value: string
  label: string
}
/** Choices that a page offers, by the path of the field. */
export type Choices = Record<string, Choice[]>

const DIVISION = /^\^(?:\(\?:)?\[0-9\]\{(\d+)\}/
const LONG = 120
const loaded = new Map<Service, Promise<Described>>()
const described = import.meta.glob<{ default: Described }>('../api/described/*.json')

/** Return the fields of an operation's body, such as 'POST /arrivals'; of one alternative where the body has several. */
export async function fieldsOf(service: Service, operation: string, alternative = ''): Promise<Field[]> {
  if (!loaded.has(service)) loaded.set(service, described[`../api/described/${service}.json`]!().then((found) => found.default))
  const { operations, schemas } = await loaded.get(service)!
  const body = operations[operation]
  if (!body) throw new Error(`${service} has no body for ${operation}`)
  const whole = new Reader(schemas).read(body, operation)
  const shape = (whole.kind === 'variants' && whole.choices[alternative]) || whole
  return shape.kind === 'group' ? shape.fields : [{ model: '', name: '', title: '', about: '', required: true, initial: undefined, shape }]
}

class Reader {
  constructor(private readonly schemas: Record<string, Schema>) {}

  read(schema: Schema, name: string): Shape {
    const known = this.find(schema)
    const of = schema.$ref?.split('/').at(-1) ?? name
    if (known.discriminator) return this.variants(known.discriminator)
    if (known.anyOf) return this.either(known.anyOf, name)
    if ('const' in known || known.enum?.length === 1) return { kind: 'fixed', value: known.const ?? known.enum?.[0] }
    if (known.enum) return { kind: 'choice', of, codes: known.enum }
    if (known.type === 'array') return { kind: 'list', of: this.read(known.items ?? {}, name), most: known.maxItems }
    if (known.type === 'object') return { kind: 'group', fields: this.fields(known, of) }
    if (known.type === 'boolean') return { kind: 'yes' }
    if (known.type === 'integer' || known.type === 'number') {
      return { kind: 'number', whole: known.type === 'integer', least: known.minimum, most: known.maximum }
    }
    return text(known)
  }

  /** What may be left open is asked with a yes and a no, not with a box that says no by itself. */
  private either(choices: Schema[], name: string): Shape {
    const shape = this.read(choices.find((each) => each.type !== 'null') ?? {}, name)
    return shape.kind === 'yes' ? { kind: 'answer' } : shape
  }

  private find(schema: Schema): Schema {
    return schema.$ref ? this.schemas[schema.$ref.split('/').at(-1)!]! : schema
  }

  private variants({ propertyName, mapping }: NonNullable<Schema['discriminator']>): Shape {
    const choices = Object.entries(mapping).map(([code, $ref]) => [code, this.read({ $ref }, code)] as const)
    return { kind: 'variants', by: propertyName, choices: Object.fromEntries(choices) }
  }

  private fields(schema: Schema, model: string): Field[] {
    return Object.entries(schema.properties ?? {}).map(([name, property]) => {
      const known = this.find(property)
      return {
        model,
        name,
        title: property.title ?? known.title ?? name,
        about: property.description ?? '',
        required: schema.required?.includes(name) ?? false,
        initial: property.default,
        shape: this.read(property, `${model}.${name}`),
      }
    })
  }
}

function text(schema: Schema): Shape {
  if (schema.format === 'date') return { kind: 'day' }
  if (schema.format === 'date-time') return { kind: 'moment' }
  if (schema.format === 'binary') return { kind: 'file' }
  if (schema.pattern && DIVISION.test(schema.pattern)) {
    const digits = [...schema.pattern.matchAll(/\{(\d+)\}/g)].map((found) => Number(found[1]))
    return { kind: 'division', digits: digits[1] === 3 ? [6, 9] : digits }
  }
  return { kind: 'text', long: (schema.maxLength ?? 0) > LONG && (schema.maxLength ?? 0) !== 1000, most: schema.maxLength }
}

/** Return the fields that are asked, those that are named first in front: the required ones, then the others, in the order of their names. */
export function inOrder(fields: Field[], first: string[] = []): Field[] {
  const place = ({ name, required }: Field) => (first.includes(name) ? first.indexOf(name) + (required ? 0 : first.length) : 2 * first.length)
  return fields.filter(({ shape }) => shape.kind !== 'fixed').sort((one, other) => place(one) - place(other))
}

/** Return whether a field wants a line of its own. */
export function isWide(shape: Shape): boolean {
  return ['text', 'day', 'moment', 'division', 'file'].includes(shape.kind)
}

/** Return what is wrong with a number that was typed; undefined if nothing is. */
export function explainNumber(typed: unknown, { whole, least, most }: Extract<Shape, { kind: 'number' }>): string | undefined {
  const number = Number(typed)
  if (Number.isNaN(number)) return words.value.notANumber
  if (whole && !Number.isInteger(number)) return words.value.wholeNumber
  if (number >= (least ?? -Infinity) && number <= (most ?? Infinity)) return undefined
  return words.value.outOfRange(least ?? -Infinity, most ?? Infinity)
}

/** Return what is wrong or missing in what was typed, by the path of each field. */
export function findErrors(values: Record<string, unknown>, fields: Field[], at = ''): [string, string][] {
  return fields.flatMap(({ name, required, shape }): [string, string][] => {
    const path = at + name
    const value = values[name]
    if (shape.kind === 'group' && (value || required)) return findErrors((value ?? {}) as Record<string, unknown>, shape.fields, `${path}.`)
    if (shape.kind === 'list' && shape.of.kind === 'group') return findListErrors(value as Record<string, unknown>[] | undefined, shape.of.fields, path)
    if ((value ?? '') === '') return required && !['yes', 'fixed'].includes(shape.kind) ? [[path, words.value.required]] : []
    const wrong = shape.kind === 'number' ? explainNumber(value, shape) : undefined
    return wrong ? [[path, wrong]] : []
  })
}

function findListErrors(values: Record<string, unknown>[] = [], fields: Field[], at: string): [string, string][] {
  return values.flatMap((value, place) => findErrors(value, fields, `${at}.${place}.`))
}

/** Return what was typed as the body wants it: without what was left empty, numbers as numbers. */
export function tidy(value: unknown, shape: Shape): unknown {
  if (value === '' || value === null || value === undefined) return shape.kind === 'fixed' ? shape.value : undefined
  if (shape.kind === 'number') return typeof value === 'number' ? value : Number(value)
  if (shape.kind === 'list') return (value as unknown[]).map((each) => tidy(each, shape.of)).filter((each) => each !== undefined)
  if (shape.kind === 'group') return tidyGroup(value as Record<string, unknown>, shape.fields)
  if (shape.kind === 'variants') {
    const { by, choices } = shape
    const chosen = (value as Record<string, unknown>)[by]
    const of = typeof chosen === 'string' ? choices[chosen] : undefined
    return of ? { ...(tidy(value, of) as object), [by]: chosen } : undefined
  }
  return typeof value === 'string' ? value.trim() : value
}

/** Return a group as the body wants it; undefined if nothing in it was filled in. */
export function tidyGroup(values: Record<string, unknown>, fields: Field[]): Record<string, unknown> | undefined {
  const filled = fields.map(({ name, shape }) => [name, tidy(values[name], shape)] as const).filter(([, value]) => value !== undefined)
  return filled.length ? Object.fromEntries(filled) : undefined
}
