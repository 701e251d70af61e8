/** The basic information of an archive as the form asks for it, with the national codes that its description has as text. */
import { computed, ref } from 'vue'
import { language } from '../../language'
import { fieldsOf, type Field, type Shape } from '../../parts/shapes'
import { CODES } from '../../words/codes'

const OPERATION = 'POST /archives/{person_id}/completion'
/** What is asked of nearly everybody comes first. */
const ORDER = [
  'ethnic_group', 'education', 'occupation', 'marital_status', 'blood_type', 'rhesus_negative', 'payments', 'allergies', 'exposures', 'past_diseases',
  'operations', 'injuries', 'transfusions', 'family_diseases', 'genetic_disease', 'impairments', 'smoking', 'drinking', 'exercise_days_a_week', 'safe_water',
]
const described = ref<Field[]>()
let asked: Promise<void> | undefined

async function load(): Promise<void> {
  const basic = (await fieldsOf('archives', OPERATION)).find(({ name }) => name === 'basic')?.shape
  if (basic?.kind !== 'group') throw new Error('archives have no basic information')
  described.value = [...basic.fields].sort((one, other) => ORDER.indexOf(one.name) - ORDER.indexOf(other.name))
}

function nameCodes(field: Field): Field {
  const codes = CODES[field.name]
  if (!codes) return field
  const named = Object.fromEntries(Object.entries(codes).map(([code, name]) => [code, name[language.value]]))
  return { ...field, shape: { kind: 'choice', of: field.name, codes: Object.keys(codes), named } satisfies Shape }
}

/** Return the fields of the basic information; undefined until they have come. */
export function useBasics() {
  asked ??= load()
  return computed(() => described.value?.map(nameCodes))
}
