"""Compaction: what was told longest ago stands in a snapshot alone, and is not told one by one any more."""

from contracts.feeds.subscriptions import Subscription
from contracts.refusals import RefusedError


class CompactedError(RefusedError):
    """What was told after a position is not kept one by one any more: it is counted in the snapshot."""

    code = "compacted"
    advice = (
        "该位置之后的部分事件已压缩，请取快照，再从快照的 position 之后读取。"
        "Some of what was told after this position is kept as counts alone; take the snapshot and go on behind it."
    )
    field = "after"
    status = 410

    def __init__(self, subscription: Subscription) -> None:
        self.snapshot = f"/feeds/{subscription.feed}/snapshot?division={subscription.district}"
