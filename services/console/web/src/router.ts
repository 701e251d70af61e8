/** The pages, who has them in the menu, and the address of each. */
import { createRouter, createWebHistory, type RouteRecordRaw } from 'vue-router'
import { session, type Role } from './session'

export interface Place {
  name: 'today' | 'register' | 'people' | 'archives' | 'outreach' | 'district' | 'feeds' | 'operations'
  roles: Role[]
}

const STAFF: Role[] = ['clerk', 'health_worker', 'supervisor', 'district', 'admin']
export const PLACES: Place[] = [
  { name: 'today', roles: STAFF },
  { name: 'register', roles: ['clerk', 'admin'] },
  { name: 'people', roles: STAFF },
  { name: 'archives', roles: ['health_worker', 'supervisor', 'district'] },
]

/** Return the places of a role, the first of which it lands on. */
export function placesOf(role: Role): Place[] {
  return PLACES.filter((place) => place.roles.includes(role))
}

const pages: RouteRecordRaw[] = [
  { path: '/today', name: 'today', component: () => import('./pages/TodayPage.vue') },
  { path: '/register', name: 'register', component: () => import('./pages/RegisterPage.vue') },
  { path: '/register/departure', name: 'departure', component: () => import('./pages/DeparturePage.vue'), meta: { place: 'register' } },
  { path: '/register/imports', name: 'imports', component: () => import('./pages/ImportsPage.vue'), meta: { place: 'register' } },
  { path: '/people', name: 'people', component: () => import('./pages/PeoplePage.vue') },
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
]

export const router = createRouter({
  history: createWebHistory(),
  routes: [
    ...pages,
    { path: '/signed-in-again', name: 'signed-in-again', component: () => import('./pages/SignedInAgainPage.vue') },
    { path: '/:rest(.*)*', name: 'home', component: () => import('./pages/HomePage.vue') },
  ],
  scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
})

router.beforeEach((to) => {
  const place = PLACES.find(({ name }) => name === (to.meta.place ?? to.name))
  if (place && session.value && !place.roles.includes(session.value.role)) return { name: 'home' }
})
