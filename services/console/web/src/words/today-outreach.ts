/** Words of what is due today in health education. */
export const zh = {
  title: '健康教育',
  what: '事项',
  about: '内容',
  when: '期限',
  act: '办理',
  done: '健康教育没有到期事项。',
  kinds: { record: '登记活动开展', prepare: '准备活动', evidence: '补齐佐证', plan: '计划宣传日', board: '更换宣传栏', visit: '走访帮扶对象' },
  seenOn: (day: string) => `上次走访 ${day}，已超期`,
  heldOn: (day: string) => `${day} 开展`,
  reason: '走访帮扶对象',
}
export const en: typeof zh = {
  title: 'Outreach',
  what: 'What',
  about: 'About',
  when: 'By when',
  act: 'Do it',
  done: 'Nothing is due in outreach.',
  kinds: { record: 'Record how an activity went', prepare: 'Prepare an activity', evidence: 'Complete the evidence', plan: 'Plan a health day', board: 'Change a board', visit: 'Visit' },
  seenOn: (day: string) => `last visited on ${day}, overdue`,
  heldOn: (day: string) => `held on ${day}`,
  reason: 'Visit of care',
}
