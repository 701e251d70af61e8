"""The statutory calendar: days in China (Asia/Shanghai), months and ages as the law counts them."""

from calendar import monthrange
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


def day_of(moment: datetime) -> date:
    """Return the statutory day that a moment falls on."""
    return moment.astimezone(SHANGHAI).date()


def start_of(day: date) -> datetime:
    """Return the moment at which a statutory day begins."""
    return datetime.combine(day, time(), SHANGHAI)


def add_months(day: date, months: int) -> date:
    """Return the same day that many months later, or the last day of a shorter month (Civil Code, article 202).

    A negative number of months goes back.
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def age_on(birth: date, day: date) -> int:
    """Return the age in completed years; people born on 29 February turn a year older on 1 March of a common year."""
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))
