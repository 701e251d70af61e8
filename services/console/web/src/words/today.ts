/** Words of what is to be done. */
export const zh = {
  title: '今日待办',
  summary: '待办数量',
  tasks: '待办事项',
  what: '事项',
  person: '人员',
  when: '期限',
  where: '辖区',
  act: '办理',
  done: '今天没有待办事项。可以登记到达，或查找人员。',
  overdue: (count: number) => `其中逾期 ${count}`,
  urgent: '紧急',
  escalated: '已督办',
  reason: '办理今日待办',
  kinds: {
    receive_notice: '接收通报', answer_notice: '反馈通报', check_stay: '核实居住', resolve_conflict: '处理矛盾', expect_arrival: '等待到达',
    trace_person: '查找下落', urge_office: '督办街道', name_differs: '核对姓名',
  },
}
export const en: typeof zh = {
  title: 'Today',
  summary: 'How much there is to do',
  tasks: 'What to do',
  what: 'What',
  person: 'Person',
  when: 'By when',
  where: 'Division',
  act: 'Do it',
  done: 'Nothing is left for today. Register an arrival, or find a person.',
  overdue: (count: number) => `${count} late`,
  urgent: 'urgent',
  escalated: 'escalated',
  reason: 'Work on what is due today',
  kinds: {
    receive_notice: 'Receive a notice', answer_notice: 'Answer a notice', check_stay: 'Check a stay', resolve_conflict: 'Resolve a conflict',
    expect_arrival: 'Expect an arrival', trace_person: 'Trace a person', urge_office: 'Urge an office', name_differs: 'Check a name',
  },
}
