/** Names of divisions by their codes, fetched once each, many at a time. */
import { reactive } from 'vue'

export interface Division {
  code: string
  name: string
  level: string
}

const names = reactive(new Map<string, string>())
let wanted = new Set<string>()
/** Codes that one request asks for. */
const MOST = 100

/** Return a division's name; its code until the name has come. */
export function nameDivision(code: string | null | undefined): string {
  if (!code) return ''
  const name = names.get(code)
  if (name === undefined) want(code)
  return name || code
}

function want(code: string): void {
  if (!wanted.size) setTimeout(fetchNames)
  wanted.add(code)
}

async function fetchNames(): Promise<void> {
  const asked = [...wanted]
  wanted = new Set()
  for (let at = 0; at < asked.length; at += MOST) {
    const codes = asked.slice(at, at + MOST)
    for (const code of codes) names.set(code, '')
    const response = await fetch(`/divisions?codes=${codes.join(',')}`).catch(() => null)
    if (!response?.ok) continue
    for (const { code, name } of (await response.json()) as Division[]) names.set(code, name)
  }
}

/** Return the divisions right under one, by their codes. */
export async function divisionsUnder(code: string): Promise<Division[]> {
  const response = await fetch(`/divisions?under=${code}`)
  if (!response.ok) return []
  const found: Division[] = await response.json()
  for (const each of found) names.set(each.code, each.name)
  return found
}
