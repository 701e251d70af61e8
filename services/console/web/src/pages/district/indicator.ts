/** An indicator by street as bars, and through time as a line, with its target across. */
import { INK, INK_SOFT, LINE, shorten } from '../../parts/charts'
import { writeValue } from './measures'

interface Told {
  name: string | null
  value: number | null
}

const across = (target: number | undefined, upright: boolean) =>
  target === undefined ? undefined : {
    silent: true, symbol: 'none', lineStyle: { color: '#b3261e', type: 'dashed' }, label: { show: false },
    data: [upright ? { xAxis: target } : { yAxis: target }],
  }
const values = (unit: string | undefined) => ({
  type: 'value', splitLine: { lineStyle: { color: LINE } }, axisLabel: { color: INK_SOFT, hideOverlap: true, formatter: (value: number) => writeValue(value, unit) },
})
const named = (names: (string | null)[]) => ({
  type: 'category', data: names.map((name) => shorten(name ?? '', 10)), axisTick: { show: false }, axisLine: { lineStyle: { color: LINE } }, axisLabel: { color: INK_SOFT },
})

/** Return bars, the first row at the top. */
export function drawBars(rows: Told[], unit: string | undefined, target?: number) {
  const shown = [...rows].reverse()
  return {
    grid: { top: 8, left: 4, right: 64, bottom: 4, containLabel: true },
    tooltip: { trigger: 'item', valueFormatter: (value: number) => writeValue(value, unit) },
    xAxis: values(unit),
    yAxis: named(shown.map(({ name }) => name)),
    series: [{
      type: 'bar', barMaxWidth: 18, data: shown.map(({ value }) => value), markLine: across(target, true),
      label: { show: true, position: 'right', color: INK, formatter: ({ value }: { value: number }) => writeValue(value, unit) },
    }],
  }
}

/** Return a line through the periods. */
export function drawSeries(points: Told[], unit: string | undefined, target?: number) {
  return {
    grid: { top: 16, left: 4, right: 20, bottom: 4, containLabel: true },
    tooltip: { trigger: 'axis', valueFormatter: (value: number) => writeValue(value, unit) },
    xAxis: { ...named(points.map(({ name }) => name)), boundaryGap: points.length === 1 },
    yAxis: { ...values(unit), scale: unit !== 'count' },
    series: [{ type: 'line', data: points.map(({ value }) => value), symbolSize: 7, lineStyle: { width: 2 }, connectNulls: false, markLine: across(target, false) }],
  }
}
