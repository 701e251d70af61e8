/** The pages, who has them in the menu, and the address of each. */
import { createRouter, createWebHistory, type RouteRecordRaw } from 'vue-router'
import { session, sessionKnown, type Role } from './session'

export interface Place {
  name: 'today' | 'register' | 'people' | 'archives' | 'outreach' | 'district' | 'reports' | 'feeds' | 'accesses' | 'operations'
  roles: Role[]
}

const STAFF: Role[] = ['clerk', 'health_worker', 'supervisor', 'district', 'admin']
const NUMBERS: Role[] = ['district', 'supervisor', 'clerk', 'health_worker']
export const PLACES: Place[] = [
  { name: 'operations', roles: ['admin'] },
  { name: 'today', roles: STAFF.filter((role) => role !== 'admin') },
  { name: 'register', roles: ['clerk', 'admin'] },
  { name: 'people', roles: ['clerk', 'supervisor', 'district', 'admin'] },
  { name: 'archives', roles: ['health_worker', 'supervisor', 'district'] },
  { name: 'outreach', roles: STAFF },
  { name: 'district', roles: NUMBERS },
  { name: 'reports', roles: NUMBERS },
  { name: 'feeds', roles: ['district', 'supervisor', 'integrator'] },
  { name: 'accesses', roles: ['supervisor', 'district', 'admin'] },
]

/** Return the places of a role, the first of which it lands on. */
export function placesOf(role: Role): Place[] {
  return PLACES.filter((place) => place.roles.includes(role))
}

/** Return the pages of health education; `tab` is the one of its places that a page belongs to. */
function ofOutreach(): RouteRecordRaw[] {
  const place = 'outreach'
  return [
    { path: '/outreach', name: 'outreach', component: () => import('./pages/OutreachPage.vue') },
    { path: '/outreach/activities/new', name: 'plan-activity', component: () => import('./pages/PlanActivityPage.vue'), meta: { place, tab: 'outreach' } },
    { path: '/outreach/activities/:activity', name: 'activity', component: () => import('./pages/ActivityPage.vue'), props: true, meta: { place, tab: 'outreach' } },
    { path: '/outreach/activities/:activity/door', name: 'door', component: () => import('./pages/DoorPage.vue'), props: true, meta: { place, tab: 'outreach' } },
    { path: '/outreach/boards', name: 'boards', component: () => import('./pages/BoardsPage.vue'), meta: { place } },
    { path: '/outreach/boards/:board', name: 'board', component: () => import('./pages/BoardPage.vue'), props: true, meta: { place, tab: 'boards' } },
    { path: '/outreach/surveys', name: 'surveys', component: () => import('./pages/SurveysPage.vue'), meta: { place } },
    { path: '/outreach/surveys/:survey', name: 'survey', component: () => import('./pages/SurveyPage.vue'), props: true, meta: { place, tab: 'surveys' } },
    { path: '/outreach/surveys/:survey/interview', name: 'interview', component: () => import('./pages/InterviewPage.vue'), props: true, meta: { place, tab: 'surveys' } },
    { path: '/outreach/questionnaires', name: 'questionnaires', component: () => import('./pages/QuestionnairesPage.vue'), meta: { place, tab: 'surveys' } },
    { path: '/outreach/educators', name: 'educators', component: () => import('./pages/EducatorsPage.vue'), meta: { place } },
    { path: '/outreach/honours', name: 'honours', component: () => import('./pages/HonoursPage.vue'), meta: { place } },
    { path: '/outreach/messages', name: 'messages', component: () => import('./pages/MessagesPage.vue'), meta: { place } },
    { path: '/outreach/records', name: 'records', component: () => import('./pages/RecordsPage.vue'), meta: { place } },
    { path: '/outreach/materials', name: 'materials', component: () => import('./pages/MaterialsPage.vue'), meta: { place } },
    { path: '/outreach/institutions', name: 'institutions', component: () => import('./pages/InstitutionsPage.vue'), meta: { place } },
    { path: '/outreach/institutions/:institution', name: 'institution', component: () => import('./pages/InstitutionPage.vue'), props: true, meta: { place, tab: 'institutions' } },
    { path: '/outreach/year-plans', name: 'year-plans', component: () => import('./pages/YearPlansPage.vue'), meta: { place } },
    { path: '/outreach/care', name: 'care', component: () => import('./pages/CarePage.vue'), meta: { place } },
    { path: '/outreach/care/:case', name: 'care-case', component: () => import('./pages/CareCasePage.vue'), props: true, meta: { place, tab: 'care' } },
    { path: '/outreach/registers', name: 'registers', component: () => import('./pages/RegistersPage.vue'), meta: { place } },
  ]
}

const pages: RouteRecordRaw[] = [
  { path: '/today', name: 'today', component: () => import('./pages/TodayPage.vue') },
  { path: '/register', name: 'register', component: () => import('./pages/RegisterPage.vue') },
  { path: '/register/departure', name: 'departure', component: () => import('./pages/DeparturePage.vue'), meta: { place: 'register' } },
  { path: '/register/imports', name: 'imports', component: () => import('./pages/ImportsPage.vue'), meta: { place: 'register' } },
  { path: '/register/imports/:importId', name: 'import', component: () => import('./pages/ImportPage.vue'), props: true, meta: { place: 'register' } },
  { path: '/people', name: 'people', component: () => import('./pages/PeoplePage.vue') },
  { path: '/people/duplicates', name: 'duplicates', component: () => import('./pages/DuplicatesPage.vue'), meta: { place: 'people' } },
  { path: '/people/:person', name: 'person', component: () => import('./pages/PersonPage.vue'), props: true, meta: { place: 'people' } },
  { path: '/archives', name: 'archives', component: () => import('./pages/ArchivesPage.vue') },
  { path: '/archives/rounds', name: 'rounds', component: () => import('./pages/RoundsPage.vue'), meta: { place: 'archives' } },
  { path: '/archives/findings', name: 'findings', component: () => import('./pages/FindingsPage.vue'), meta: { place: 'archives' } },
  { path: '/archives/offers', name: 'offers', component: () => import('./pages/OffersPage.vue'), meta: { place: 'archives' } },
  { path: '/archives/:person', name: 'archive', component: () => import('./pages/ArchivePage.vue'), props: true, meta: { place: 'archives' } },
  { path: '/archives/:person/record/:kind?', name: 'record', component: () => import('./pages/RecordPage.vue'), props: true, meta: { place: 'archives' } },
  { path: '/archives/:person/cover', name: 'cover', component: () => import('./pages/CoverPage.vue'), props: true, meta: { place: 'archives' } },
  { path: '/archives/:person/manage', name: 'manage', component: () => import('./pages/ManagePage.vue'), props: true, meta: { place: 'archives' } },
  { path: '/archives/:person/entries/:entry', name: 'entry', component: () => import('./pages/EntryPage.vue'), props: true, meta: { place: 'archives' } },
  { path: '/notices/:notice', name: 'notice', component: () => import('./pages/NoticePage.vue'), props: true, meta: { place: 'today' } },
  ...ofOutreach(),
  { path: '/district', name: 'district', component: () => import('./pages/DistrictPage.vue') },
  { path: '/district/moves', name: 'moves', component: () => import('./pages/MovesPage.vue'), meta: { place: 'district' } },
  { path: '/district/population', name: 'population', component: () => import('./pages/PopulationPage.vue'), meta: { place: 'district' } },
  { path: '/district/indicators', name: 'indicators', component: () => import('./pages/IndicatorsPage.vue'), meta: { place: 'district' } },
  { path: '/district/indicators/:indicator', name: 'indicator', component: () => import('./pages/IndicatorPage.vue'), props: true, meta: { place: 'district', tab: 'indicators' } },
  { path: '/district/assessment', name: 'assessment', component: () => import('./pages/AssessmentPage.vue'), meta: { place: 'district' } },
  { path: '/district/explain', name: 'explain', component: () => import('./pages/ExplainPage.vue'), meta: { place: 'district' } },
  { path: '/reports', name: 'reports', component: () => import('./pages/ReportsPage.vue') },
  { path: '/reports/supervision', name: 'supervision', component: () => import('./pages/SupervisionPage.vue'), meta: { place: 'reports' } },
  { path: '/reports/verification', name: 'verification', component: () => import('./pages/VerifyPage.vue'), meta: { place: 'reports' } },
  { path: '/reports/:report', name: 'report', component: () => import('./pages/ReportPage.vue'), props: true, meta: { place: 'reports', tab: 'reports' } },
  { path: '/feeds', name: 'feeds', component: () => import('./pages/FeedsPage.vue') },
  { path: '/feeds/new', name: 'feed-asked', component: () => import('./pages/AskFeedPage.vue'), meta: { place: 'feeds', roles: ['integrator'] } },
  { path: '/feeds/:subscription', name: 'feed', component: () => import('./pages/FeedPage.vue'), props: true, meta: { place: 'feeds', tab: 'feeds' } },
  { path: '/operations', name: 'operations', component: () => import('./pages/OperationsPage.vue') },
  { path: '/operations/waiting', name: 'waiting', component: () => import('./pages/WaitingPage.vue'), meta: { place: 'operations' } },
  { path: '/operations/tail', name: 'tail', component: () => import('./pages/TailPage.vue'), meta: { place: 'operations' } },
  { path: '/operations/parked', name: 'parked', component: () => import('./pages/ParkedPage.vue'), meta: { place: 'operations' } },
  { path: '/accesses', name: 'accesses', component: () => import('./pages/AccessesPage.vue') },
]

export const router = createRouter({
  history: createWebHistory(),
  routes: [
    ...pages,
    { path: '/signed-in-again', name: 'signed-in-again', component: () => import('./pages/SignedInAgainPage.vue'), meta: { bare: true } },
    { path: '/check-in/:activity', name: 'check-in', component: () => import('./pages/CheckInPage.vue'), props: true, meta: { bare: true } },
    { path: '/answer/:survey', name: 'answer', component: () => import('./pages/AnswerPage.vue'), props: true, meta: { bare: true } },
    { path: '/closed', name: 'closed', component: () => import('./pages/ClosedPage.vue') },
    { path: '/:rest(.*)*', name: 'home', component: () => import('./pages/HomePage.vue') },
  ],
  scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
})

router.beforeEach(async (to) => {
  if (!to.meta.bare) await sessionKnown
  const place = PLACES.find(({ name }) => name === (to.meta.place ?? to.name))
  const roles = (to.meta.roles as Role[] | undefined) ?? place?.roles
  if (place && roles && session.value && !roles.includes(session.value.role)) return { name: 'closed', query: { page: place.name } }
})
