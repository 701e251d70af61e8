/** What is asked of a sample: how many people, and from whom; the other ways to choose people are for integrators. */
import type { Field, Shape } from '../../parts/shapes'

const field = (model: string, name: string, shape: Shape): Field => ({ model, name, title: name, about: '', required: false, initial: undefined, shape })
const age: Shape = { kind: 'number', whole: true, least: 0, most: 150 }

export const SAMPLE: Shape = {
  kind: 'group',
  fields: [
    field('PlanRequest', 'size', { kind: 'number', whole: true, least: 1, most: 2000 }),
    field('PlanRequest', 'segment', {
      kind: 'group',
      fields: [
        field('Segment', 'youngest', age),
        field('Segment', 'oldest', age),
        field('Segment', 'sex', { kind: 'choice', of: 'Sex', codes: ['female', 'male'] }),
      ],
    }),
  ],
}
