/** Words of charts. */
export const zh = {
  table: '数值表',
  day: '日期',
  newest: (rows: number) => `只列最近 ${rows} 次`,
}
export const en: typeof zh = {
  table: 'The values as a table',
  day: 'Day',
  newest: (rows: number) => `the last ${rows}`,
}
