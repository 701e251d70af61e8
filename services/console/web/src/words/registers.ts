/** Words of the registers of health education: downloads of a period, and registers of past years to hand in. */
export const zh = {
  title: '台账导出',
  since: '起始日期',
  until: '截止日期',
  registers: '台账',
  registersMore: '导出的台账可原样再导入。',
  listings: '名册',
  calendar: '宣传日日历',
  calendarMore: '可导入手机和电脑的日历。',
  calendarFile: '下载日历文件',
  handIn: '导入往年台账',
  kind: '台账种类',
  street: '街道',
}
export const en: typeof zh = {
  title: 'Registers',
  since: 'From',
  until: 'To',
  registers: 'Registers',
  registersMore: 'What is exported can be imported again as it is.',
  listings: 'Lists',
  calendar: 'Calendar of health days',
  calendarMore: 'For the calendar of a phone or a computer.',
  calendarFile: 'Download the calendar',
  handIn: 'Hand in a register of a past year',
  kind: 'Which register',
  street: 'Street',
}
