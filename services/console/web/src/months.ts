/** Months as calendars show them: weeks from Monday to Sunday, days as YYYY-MM-DD. */
import { dayFromNow } from './language'

const DAY = 86_400_000
const write = (at: number) => new Date(at).toISOString().slice(0, 10)

export const thisMonth = () => dayFromNow(0).slice(0, 7)

/** Return a month so many months after another; months are written YYYY-MM. */
export function monthAfter(month: string, months: number): string {
  const [year, number] = month.split('-').map(Number) as [number, number]
  return write(Date.UTC(year, number - 1 + months, 1)).slice(0, 7)
}

export const firstDay = (month: string) => `${month}-01`
export const lastDay = (month: string) => write(Date.parse(`${monthAfter(month, 1)}-01T00:00Z`) - DAY)

/** Return the weeks that a month touches, each from Monday to Sunday. */
export function weeksOf(month: string): string[][] {
  const first = Date.parse(`${month}-01T00:00Z`)
  const monday = first - ((new Date(first).getUTCDay() + 6) % 7) * DAY
  const weeks: string[][] = []
  for (let at = monday; write(at) <= lastDay(month); at += 7 * DAY) {
    weeks.push(Array.from({ length: 7 }, (_, day) => write(at + day * DAY)))
  }
  return weeks
}
