/** Arrivals and departures by week, from the days on which anything moved in any street. */
import { INK_SOFT, LINE } from '../../parts/charts'

interface Day {
  day: string
  inflow?: number
  outflow?: number
  deaths?: number
}
export interface Week {
  week: string
  inflow: number
  outflow: number
  deaths: number
}

const DAY = 86_400_000

/** Return the Monday of a day's week. */
function mondayOf(day: string): string {
  const at = Date.parse(day)
  return new Date(at - ((new Date(at).getUTCDay() + 6) % 7) * DAY).toISOString().slice(0, 10)
}

/** Return every week from the first to the last in which anything moved, those in which nothing did as well. */
export function byWeek(days: Day[]): Week[] {
  const weeks = new Map<string, Week>()
  const mondays = days.map(({ day }) => mondayOf(day)).sort()
  for (let at = Date.parse(mondays[0] ?? ''); at <= Date.parse(mondays.at(-1) ?? ''); at += 7 * DAY) {
    const week = new Date(at).toISOString().slice(0, 10)
    weeks.set(week, { week, inflow: 0, outflow: 0, deaths: 0 })
  }
  for (const { day, inflow = 0, outflow = 0, deaths = 0 } of days) {
    const week = weeks.get(mondayOf(day))!
    week.inflow += inflow
    week.outflow += outflow
    week.deaths += deaths
  }
  return [...weeks.values()]
}

/** Return the lines of arrivals and departures. */
export function drawWeeks(weeks: Week[], names: { inflow: string; outflow: string }) {
  const line = (name: string, counted: 'inflow' | 'outflow', dashed: boolean) => ({
    name, type: 'line', data: weeks.map((week) => week[counted]), symbolSize: 6, lineStyle: { width: 2, type: dashed ? 'dashed' : 'solid' },
  })
  return {
    legend: { top: 0, left: 0 },
    grid: { top: 36, left: 8, right: 16, bottom: 4, containLabel: true },
    tooltip: { trigger: 'axis' },
    xAxis: { type: 'category', data: weeks.map(({ week }) => week), boundaryGap: false, axisLine: { lineStyle: { color: LINE } }, axisLabel: { color: INK_SOFT } },
    yAxis: { type: 'value', minInterval: 1, splitLine: { lineStyle: { color: LINE } }, axisLabel: { color: INK_SOFT } },
    series: [line(names.inflow, 'inflow', false), line(names.outflow, 'outflow', true)],
  }
}
