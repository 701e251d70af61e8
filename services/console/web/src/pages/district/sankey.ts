/** Moves as a Sankey diagram: origins at the left, the division in the middle, destinations at the right. */
import { colours, INK, shorten } from '../../parts/charts'

interface Cell {
  origin: string
  origin_name: string
  destination: string
  destination_name: string
  moves: number
}
interface Moves {
  cells: Cell[]
  others: number
  unknown: number
}
interface Matrix {
  arrivals: Moves
  departures: Moves
}
interface Words {
  others: string
  unknownPlace: string
}
interface Drawn {
  nodes: { name: string }[]
  links: { source: string; target: string; value: number }[]
  option: Record<string, unknown>
}

/** Places that are drawn on each side; the others are one band together. */
const MOST = 12

/** Return the diagram. A place stands on each side under a name of its own, since a Sankey diagram has no circles. */
export function drawMoves({ arrivals, departures }: Matrix, words: Words): Drawn {
  const links = new Map<string, { source: string; target: string; value: number }>()
  const names = new Map<string, string>()
  const add = (source: [string, string], target: [string, string], value: number) => {
    if (!value) return
    for (const [id, name] of [source, target]) names.set(id, name)
    const link = links.get(`${source[0]}>${target[0]}`) ?? { source: source[0], target: target[0], value: 0 }
    links.set(`${source[0]}>${target[0]}`, { ...link, value: link.value + value })
  }
  const drawn = (cells: Cell[]) => [cells.slice(0, MOST), cells.slice(MOST).reduce((sum, { moves }) => sum + moves, 0)] as const
  const [first, restIn] = drawn(arrivals.cells)
  const [last, restOut] = drawn(departures.cells)
  const middle = middleOf(arrivals, departures)
  for (const cell of first) add([`in ${cell.origin}`, cell.origin_name], [`here ${cell.destination}`, cell.destination_name], cell.moves)
  for (const cell of last) add([`here ${cell.origin}`, cell.origin_name], [`out ${cell.destination}`, cell.destination_name], cell.moves)
  if (middle) {
    add(['in others', words.others], middle, restIn + arrivals.others)
    add(['in unknown', words.unknownPlace], middle, arrivals.unknown)
    add(middle, ['out others', words.others], restOut + departures.others)
    add(middle, ['out unknown', words.unknownPlace], departures.unknown)
  }
  const nodes = [...names.keys()].map((name) => ({ name }))
  return { nodes, links: [...links.values()], option: optionOf(nodes, [...links.values()], names) }
}

/** Return the own division in the middle; of several the one with the most moves, to which what is not told is drawn. */
function middleOf(arrivals: Moves, departures: Moves): [string, string] | undefined {
  const into = arrivals.cells[0]
  const from = departures.cells[0]
  if (into) return [`here ${into.destination}`, into.destination_name]
  return from && [`here ${from.origin}`, from.origin_name]
}

/** Return the colour of a side: blue for where people came from, green for here, amber for where they left for. */
const colourOf = (name: string) => colours[name.startsWith('in') ? 0 : name.startsWith('out') ? 1 : 2]!

function optionOf(nodes: Drawn['nodes'], links: Drawn['links'], names: Map<string, string>): Record<string, unknown> {
  const narrow = innerWidth < 720
  /** Room for the names, which stand beside the flows and not across them. */
  const margin = narrow ? 92 : 176
  const named = (id: string) => names.get(id) ?? id
  const counted = (name: string, value: number) => (name.startsWith('here') ? '' : ` ${value}`)
  return {
    tooltip: {
      trigger: 'item',
      formatter: ({ dataType, data, value, name }: { dataType: string; data: Drawn['links'][number]; value: number; name: string }) =>
        dataType === 'edge' ? `${named(data.source)} → ${named(data.target)}  ${data.value}` : named(name) + counted(name, value),
    },
    series: [{
      type: 'sankey',
      data: nodes.map(({ name }) => ({ name, itemStyle: { color: colourOf(name) }, label: { position: name.startsWith('in') ? 'left' : 'right' } })),
      links,
      left: margin, right: margin, top: 8, bottom: 8,
      nodeWidth: 14,
      nodeGap: 16,
      draggable: false,
      emphasis: { focus: 'adjacency' },
      lineStyle: { color: 'source', opacity: 0.35, curveness: 0.5 },
      label: { color: INK, fontSize: narrow ? 11 : 13, textBorderColor: '#fff', textBorderWidth: 2, formatter: ({ name, value }: { name: string; value: number }) => shorten(named(name), narrow ? 4 : 12) + counted(name, value) },
    }],
  }
}

/** Return how high a diagram has to be for its fuller side. */
export function heightOf({ nodes }: Drawn): number {
  const side = (name: string) => nodes.filter((node) => node.name.startsWith(name)).length
  return Math.max(260, 34 * Math.max(side('in'), side('out'), side('here')) + 16)
}
