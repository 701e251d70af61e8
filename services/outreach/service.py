"""What outreach has of its own beside the runtime: how people are written to, and by which figures."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from contracts.outreach.messages import MessageChannel
from services.outreach.channels.contacts import Contacts
from services.outreach.channels.gateways import TIMEOUT, Gateway
from services.outreach.channels.local import LocalPage
from services.outreach.channels.mail import Mail, MailServer
from services.outreach.channels.sms import SmsGateway
from services.outreach.channels.wechat import WechatAccount
from services.outreach.domain.messaging import Policy
from services.runtime.service import Service
from services.runtime.settings import HexKey


class MessagingSettings(BaseSettings):
    """The gateways of outreach and how it is admitted to them; a channel without its first setting is not there."""

    model_config = SettingsConfigDict(env_prefix="HOUNIAO_", extra="ignore", frozen=True, hide_input_in_errors=True)

    code_key: HexKey
    """The hexadecimal key that signs the codes in survey links and at doors; links are good as long as it is kept."""
    messages: Path | None = None
    """A file of figures in place of the one that comes with outreach."""
    registration_url: str = ""
    registration_token_file: Path | None = None
    """A file with the token by which registration admits outreach as a service; read again for every question."""
    sms_url: str = ""
    sms_token: SecretStr = SecretStr("")
    sms_keeps_keys_hours: float = Field(default=0, ge=0)
    """For so long the gateway does not send again what has a key that it knows; 0: it knows no keys."""
    sms_tells: bool = False
    """Whether the gateway tells by a key what it took."""
    sms_timeout: float = Field(default=TIMEOUT, gt=0, le=30)
    """Seconds within which the gateway has answered, or nobody knows what it did."""
    sms_report_key: SecretStr = SecretStr("")
    """What the gateway signs its reports with."""
    wechat_url: str = "https://api.weixin.qq.com"
    wechat_app_id: str = ""
    wechat_secret: SecretStr = SecretStr("")
    mail_host: str = ""
    mail_port: int = 465
    mail_from: str = ""
    mail_user: str = ""
    mail_password: SecretStr = SecretStr("")
    mail_tls: bool = True

    @field_validator("messages", "registration_token_file", mode="before")
    @classmethod
    def _none_if_empty(cls, value: object) -> object:
        return value or None


@dataclass(frozen=True, slots=True)
class Messaging:
    """How outreach writes to people."""

    service: Service
    policy: Policy
    gateways: Mapping[MessageChannel, Gateway]
    contacts: Contacts | None
    report_key: SecretStr

    async def keep_open(self) -> None:
        """Wait until the service stops, then close what is open to gateways and to registration."""
        try:
            await asyncio.Event().wait()
        finally:
            await self._close()

    async def _close(self) -> None:
        for gateway in self.gateways.values():
            await gateway.close()
        if self.contacts is not None:
            await self.contacts.close()


def open_messaging(service: Service, settings: MessagingSettings) -> Messaging:
    """Return how outreach writes to people, as it is set."""
    contacts = None
    if settings.registration_url and settings.registration_token_file is not None:
        contacts = Contacts(settings.registration_url, settings.registration_token_file)
    return Messaging(
        service=service,
        policy=Policy.load(settings.messages),
        gateways={gateway.channel: gateway for gateway in _gateways(service, settings)},
        contacts=contacts,
        report_key=settings.sms_report_key,
    )


def _gateways(service: Service, settings: MessagingSettings) -> Iterator[Gateway]:
    if service.settings.env == "local":
        yield LocalPage(service.database, service.clock)
    if settings.sms_url:
        hours = settings.sms_keeps_keys_hours
        keys = timedelta(hours=hours) if hours else None
        yield SmsGateway(
            settings.sms_url, settings.sms_token, keys=keys, tells=settings.sms_tells, timeout=settings.sms_timeout
        )
    if settings.wechat_app_id:
        yield WechatAccount(settings.wechat_url, settings.wechat_app_id, settings.wechat_secret, service.clock)
    if settings.mail_host:
        server = MailServer(
            settings.mail_host,
            settings.mail_port,
            settings.mail_from,
            settings.mail_user,
            settings.mail_password,
            settings.mail_tls,
        )
        yield Mail(server)
