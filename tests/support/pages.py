"""The pages of the console that have an address of their own, and an account of the demo for each."""

REGISTER = ("/register", "/register/departure", "/register/imports")
OUTREACH = (
    "/outreach",
    "/outreach/activities/new",
    "/outreach/boards",
    "/outreach/surveys",
    "/outreach/materials",
    "/outreach/institutions",
    "/outreach/year-plans",
    "/outreach/care",
    "/outreach/registers",
)
DISTRICT = (
    "/district",
    "/district/moves",
    "/district/population",
    "/district/indicators",
    "/district/assessment",
    "/reports",
    "/reports/supervision",
    "/reports/verification",
)
OPERATIONS = ("/operations", "/operations/waiting", "/operations/parked", "/operations/tail")
PAGES = {
    "clerk-demo.clerk": ("/today", *REGISTER, "/people"),
    "health-demo.health_worker": ("/today", "/archives", "/archives/rounds", "/archives/findings", *OUTREACH),
    "supervisor-demo.supervisor": ("/today", "/people", "/archives/offers", "/accesses"),
    "district-demo.district": (*DISTRICT, "/feeds"),
    "integrator-demo.integrator": ("/feeds", "/feeds/new"),
    "admin-demo.admin": OPERATIONS,
}
