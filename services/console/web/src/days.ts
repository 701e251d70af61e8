/** Days as people type them: 2026-3-1, 20260301, 3.1, 3月1日, 今天, 昨天. */
import { dayFromNow } from './language'

const NAMED: Record<string, number> = { 今天: 0, 昨天: -1, 前天: -2, 明天: 1, today: 0, yesterday: -1, tomorrow: 1 }

/** Return what was typed as YYYY-MM-DD; null if it is no day.

 A day without a year is the latest such day up to today; `ahead`, for what is planned, the next one from today on.
 */
export function readDay(typed: string, ahead = false): string | null {
  const text = typed.normalize('NFKC').trim().toLowerCase()
  const named = NAMED[text]
  if (named !== undefined) return dayFromNow(named)
  const packed = /^(\d{4})(\d{2})(\d{2})$/.exec(text)
  const parts = packed ?? /^(?:(\d{4})[-./年 ])?(\d{1,2})[-./月 ](\d{1,2})日?$/.exec(text)
  if (!parts) return null
  const [, year, month, day] = parts
  return year ? asDay(year, month!, day!) : nearest(month!, day!, ahead)
}

function nearest(month: string, day: string, ahead: boolean): string | null {
  const today = dayFromNow(0)
  const year = Number(today.slice(0, 4))
  const thisYear = asDay(String(year), month, day)
  if (thisYear && ahead && thisYear < today) return asDay(String(year + 1), month, day)
  return thisYear && !ahead && thisYear > today ? asDay(String(year - 1), month, day) : thisYear
}

/** Return whether a text is a day as the services write it. */
export function isDay(text: string | undefined): text is string {
  return !!text && /^\d{4}-\d{2}-\d{2}$/.test(text) && readDay(text) === text
}

function asDay(year: string, month: string, day: string): string | null {
  const text = `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`
  const at = new Date(`${text}T00:00Z`)
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(text) ? text : null
}

/** Return a time of day that was typed as 14:30, 1430, 9.05 or 9点半 as HH:MM; null if it is none. */
export function readTime(typed: string): string | null {
  const text = typed.normalize('NFKC').trim().replace('半', '30')
  const [, hour, minute] = /^(\d{1,2})[:.点时]?(\d{2})?分?$/.exec(text) ?? []
  if (hour === undefined || Number(hour) > 23 || Number(minute ?? 0) > 59) return null
  return `${hour.padStart(2, '0')}:${minute ?? '00'}`
}
