/** Residents by age as bars to both sides: men to the left, women to the right; who is registered here stands inside. */
import { INK_SOFT, LINE } from '../../parts/charts'

interface BySex {
  male: number
  female: number
}
interface Band {
  low: number | null
  high: number | null
  registered: BySex
  floating: BySex
}
interface Words {
  male: string
  female: string
  registered: string
  floating: string
  and: (low: number, high: number | null) => string
}

/** Return the pyramid. */
export function drawPyramid(bands: Band[], words: Words) {
  const bars = (sex: 'male' | 'female', kind: 'registered' | 'floating', color: string) => ({
    name: `${words[sex]} · ${words[kind]}`, type: 'bar', stack: 'all', color, barCategoryGap: '20%',
    data: bands.map((band) => (sex === 'male' ? -band[kind][sex] : band[kind][sex])),
  })
  const widest = Math.max(...bands.flatMap((band) => (['male', 'female'] as const).map((sex) => band.registered[sex] + band.floating[sex])), 1)
  const step = 10 ** Math.floor(Math.log10(widest)) / 2
  const most = Math.ceil(widest / step) * step
  return {
    legend: { top: 0, left: 0, type: 'plain' },
    grid: { top: innerWidth < 720 ? 64 : 40, left: 4, right: 16, bottom: 4, containLabel: true },
    tooltip: { trigger: 'axis', axisPointer: { type: 'shadow' }, valueFormatter: (count: number) => String(Math.abs(count)) },
    xAxis: {
      type: 'value', min: -most, max: most, splitLine: { lineStyle: { color: LINE } },
      axisLabel: { color: INK_SOFT, hideOverlap: true, formatter: (count: number) => String(Math.abs(Math.round(count))) },
    },
    yAxis: {
      type: 'category', axisTick: { show: false }, axisLine: { show: false }, axisLabel: { color: INK_SOFT },
      data: bands.map(({ low, high }) => words.and(low ?? 0, high)),
    },
    series: [
      bars('male', 'registered', '#14507a'), bars('male', 'floating', '#7ba0bb'),
      bars('female', 'registered', '#8a5300'), bars('female', 'floating', '#d9a94f'),
    ],
  }
}
