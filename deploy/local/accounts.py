"""The people of the demo: one account a role, and one with two posts."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who may sign in, as what and for where; who has several posts has several accounts of one subject."""

    subject: str
    name: str
    role: str
    division: str
    post: str
    """The post in Chinese and English."""

    @property
    def key(self) -> str:
        """Return what tells an account from others."""
        return f"{self.subject}.{self.role}"


ACCOUNTS = (
    Account("clerk-demo", "张登记", "clerk", "320507001", "元和街道 经办人 · clerk, Yuanhe street"),
    Account("health-demo", "王医生", "health_worker", "320507001", "元和街道 医务人员 · health worker, Yuanhe street"),
    Account("supervisor-demo", "陈主管", "supervisor", "320507", "相城区 主管 · supervisor, Xiangcheng district"),
    Account("district-demo", "周区办", "district", "320507", "相城区 区级 · district, Xiangcheng"),
    Account("leader-demo", "吴分管", "district", "320507", "相城区 分管领导 · another district official, who seals"),
    Account("integrator-demo", "数据对接", "integrator", "320507", "相城区 系统对接 · integrator, Xiangcheng"),
    Account("admin-demo", "管理员", "admin", "", "全国 管理员 · admin, whole country"),
    Account("other-demo", "孙登记", "clerk", "320812001", "清江浦区城南街道 经办人 · clerk in another district"),
    Account("both-demo", "李双岗", "clerk", "320507002", "太平街道 经办人 · clerk, Taiping street"),
    Account("both-demo", "李双岗", "health_worker", "320507001", "元和街道 医务人员 · health worker, Yuanhe street"),
)
