"""The statutory calendar: days in China, months and ages as the law counts them."""

from calendar import monthrange
from datetime import date, datetime
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


def day_of(moment: datetime) -> date:
    """Give the statutory day of a moment."""
    return moment.astimezone(SHANGHAI).date()


def add_months(day: date, months: int) -> date:
    """Go on by calendar months; the 31st becomes the last day of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def age_on(birth: date, day: date) -> int:
    """Count full years; who was born on 29 February is a year older on 1 March of an ordinary year."""
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))
