"""Reading messages whose properties no client can read: RabbitMQ passes on whatever bytes a publisher put there.

A moment in the year 292278994, or text that is not UTF-8, makes the client close its connection; the message comes
again on the next one, and meanwhile nothing else is heard.
"""

from pamqp.commands import Basic
from pamqp.header import ContentHeader

_unmarshal = ContentHeader.unmarshal
_LENGTH_OF_SIZES = 12


def read_any_properties() -> None:
    """Have all connections of this process read a message without its properties where these can't be read."""
    ContentHeader.unmarshal = _read_or_leave_out  # type: ignore[assignment,method-assign]  # nothing lets one choose


def _read_or_leave_out(header: ContentHeader, data: bytes) -> None:
    try:
        _unmarshal(header, data)
    except Exception:  # whatever foreign bytes make a parser raise
        if len(data) < _LENGTH_OF_SIZES:
            raise
        header.properties = Basic.Properties()
