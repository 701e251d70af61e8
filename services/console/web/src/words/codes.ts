/** National codes that archives keep as they are: GB/T 3304, GB/T 4658, GB/T 6565, GB/T 2261.2, and blood types. */
type Named = Record<string, { zh: string; en: string }>

const GROUPS = '汉Han 蒙古Mongol 回Hui 藏Tibetan 维吾尔Uyghur 苗Miao 彝Yi 壮Zhuang 布依Buyei 朝鲜Korean 满Manchu 侗Dong 瑶Yao 白Bai 土家Tujia 哈尼Hani 哈萨克Kazakh 傣Dai 黎Li 傈僳Lisu 佤Va 畲She 高山Gaoshan 拉祜Lahu 水Sui 东乡Dongxiang 纳西Naxi 景颇Jingpo 柯尔克孜Kirgiz 土Tu 达斡尔Daur 仫佬Mulao 羌Qiang 布朗Blang 撒拉Salar 毛南Maonan 仡佬Gelao 锡伯Xibe 阿昌Achang 普米Pumi 塔吉克Tajik 怒Nu 乌孜别克Uzbek 俄罗斯Russian 鄂温克Ewenki 德昂De’ang 保安Bonan 裕固Yugur 京Gin 塔塔尔Tatar 独龙Derung 鄂伦春Oroqen 赫哲Hezhen 门巴Monba 珞巴Lhoba 基诺Jino'

const ethnicGroups: Named = Object.fromEntries(
  GROUPS.split(' ').map((group, at) => {
    const [, zh, en] = /^([一-鿿]+)(.+)$/.exec(group)!
    return [String(at + 1).padStart(2, '0'), { zh: `${zh}族`, en: en! }]
  }),
)

export const CODES: Record<string, Named> = {
  ethnic_group: ethnicGroups,
  education: {
    10: { zh: '研究生', en: 'postgraduate' },
    20: { zh: '大学本科', en: 'university' },
    30: { zh: '大学专科', en: 'college' },
    40: { zh: '中等专业学校', en: 'secondary vocational school' },
    50: { zh: '技工学校', en: 'technical school' },
    60: { zh: '高中', en: 'senior secondary school' },
    70: { zh: '初中', en: 'junior secondary school' },
    80: { zh: '小学', en: 'primary school' },
    90: { zh: '文盲或半文盲', en: 'none' },
  },
  occupation: {
    0: { zh: '国家机关、党群组织、企事业单位负责人', en: 'head of an office, party body or enterprise' },
    1: { zh: '专业技术人员', en: 'professional or technician' },
    3: { zh: '办事人员和有关人员', en: 'clerk' },
    4: { zh: '商业、服务业人员', en: 'trade and services' },
    5: { zh: '农、林、牧、渔、水利业生产人员', en: 'farming, forestry, fishing' },
    6: { zh: '生产、运输设备操作人员', en: 'production and transport' },
    7: { zh: '军人', en: 'soldier' },
    8: { zh: '不便分类的其他从业人员', en: 'other' },
    9: { zh: '无职业', en: 'none' },
  },
  marital_status: {
    10: { zh: '未婚', en: 'single' },
    20: { zh: '已婚', en: 'married' },
    30: { zh: '丧偶', en: 'widowed' },
    40: { zh: '离婚', en: 'divorced' },
    90: { zh: '未说明', en: 'not told' },
  },
  blood_type: {
    A: { zh: 'A 型', en: 'A' },
    B: { zh: 'B 型', en: 'B' },
    O: { zh: 'O 型', en: 'O' },
    AB: { zh: 'AB 型', en: 'AB' },
  },
}
