"""What the pages of admins are given: people, invites, the work, storage, the log, settings."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar
from urllib.parse import urlencode

from app.models import Act, Invite, Person, PersonRole
from app.pages import Problem, WorkerCard
from app.services.api_tokens import TokenView
from app.services.asker import Via
from app.services.audit_log import ACT_WORDS, AuditFilters, AuditList, AuditView
from app.services.footprint import Footprint
from app.services.in_force import Section, Warned
from app.services.invites import DAYS, MAX_DAYS
from app.services.people import Entrance, PersonView
from app.services.quotas import Quota
from app.services.sessions import SessionView
from app.services.summary import Tone, follow_words
from app.services.workload import Workload
from app.templating import Page
from app.usage_pages import LABELS, UsageCard

# How somebody logs in, in words.
ENTRANCES: Mapping[Entrance, str] = {
    Entrance.PASSWORD: "password",
    Entrance.OIDC: "single sign-on",
    Entrance.BOTH: "password or single sign-on",
    Entrance.NONE: "not yet",
}
# What each role may do, in short.
ROLES: Mapping[PersonRole, str] = {
    PersonRole.VIEWER: "reads what the team has",
    PersonRole.MEMBER: "also uploads, runs, reviews and shares",
    PersonRole.ADMIN: "does all of it, for everybody, and changes what others may",
}

# How somebody was known who did something.
VIA: Mapping[Via, str] = {
    Via.LOCAL: "on this machine",
    Via.LOGIN: "logged in",
    Via.TOKEN: "by an API token",
    Via.CONSOLE: "on the server's console",
    Via.NOBODY: "not logged in",
}

_RUN = re.compile(r"run ([1-9][0-9]{0,17})")


@dataclass(frozen=True)
class AdminPage(Page):
    """A page below /admin; `tab` is its address in the bar of all of them."""

    tab: ClassVar[str]


@dataclass(frozen=True)
class NoAccountsPage(AdminPage):
    """What stands where people would be while nobody needs an account."""

    template: ClassVar[str] = "admin/no_accounts.html"
    tab: ClassVar[str] = "/admin"


@dataclass(frozen=True)
class PeoplePage(AdminPage):
    """Everybody who has an account."""

    template: ClassVar[str] = "admin/people.html"
    tab: ClassVar[str] = "/admin"
    people: tuple[PersonView, ...]

    entrances = ENTRANCES


@dataclass(frozen=True)
class NewInvite:
    """A link that was just made, and is shown this once. `private`: it names this machine alone."""

    url: str
    expires_at: datetime
    private: bool


@dataclass(frozen=True)
class QuotaForm:
    """A person's own quotas as they are written; an empty one is the settings'."""

    runs: str = ""
    minutes: str = ""
    storage_mb: str = ""

    @classmethod
    def of(cls, person: Person) -> "QuotaForm":
        """Those that somebody has."""
        own = (person.quota_runs, person.quota_minutes, person.quota_storage_mb)
        return cls(*("" if one is None else str(one) for one in own))


@dataclass(frozen=True)
class PersonPage(AdminPage):
    """One person: what they may do, what lets them in, and what they did lately."""

    template: ClassVar[str] = "admin/person.html"
    tab: ClassVar[str] = "/admin"
    person: PersonView
    sessions: tuple[SessionView, ...]
    tokens: tuple[TokenView, ...]
    lately: tuple[AuditView, ...]
    usage: UsageCard
    usual: Quota  # that the settings give
    quota: QuotaForm
    reset: NewInvite | None = None  # that sets their password
    problem: Problem | None = None

    entrances = ENTRANCES
    roles = ROLES
    act_words = ACT_WORDS
    quota_labels = LABELS

    @property
    def address(self) -> str:
        """Where its forms go."""
        return f"/admin/people/{self.person.id}"

    @property
    def runs(self) -> str:
        """Where their runs are."""
        return f"/?{urlencode({'person': self.person.name})}"

    @property
    def log(self) -> str:
        """Where all that they did is."""
        return f"/admin/audit?{urlencode({'actor': self.person.name})}"


@dataclass(frozen=True)
class InviteForm:
    """What was entered; `days` as it was written."""

    role: str = PersonRole.MEMBER.value
    name: str = ""
    days: str = str(DAYS)


@dataclass(frozen=True)
class InvitesPage(AdminPage):
    """The form that makes an invite, and those that are open."""

    template: ClassVar[str] = "admin/invites.html"
    tab: ClassVar[str] = "/admin/invites"
    invites: tuple[Invite, ...]
    form: InviteForm
    made: NewInvite | None = None
    problem: Problem | None = None

    roles = ROLES
    max_days: ClassVar[int] = MAX_DAYS


@dataclass(frozen=True)
class WorkPage(AdminPage):
    """Runtimes and workers, the queue, and what is worked on."""

    template: ClassVar[str] = "admin/workers.html"
    tab: ClassVar[str] = "/admin/workers"
    work: Workload
    cards: tuple[WorkerCard, ...]

    following = staticmethod(follow_words)


@dataclass(frozen=True)
class StoragePage(AdminPage):
    """How much room everything takes."""

    template: ClassVar[str] = "admin/storage.html"
    tab: ClassVar[str] = "/admin/storage"
    found: Footprint

    @property
    def purge_at(self) -> datetime | None:
        """When the first deleted run is removed for good; null where there is none."""
        trash = self.found.trash
        return None if trash.oldest is None else trash.oldest + timedelta(hours=trash.hours)

    @property
    def disk_tone(self) -> Tone:
        """How well off the disk is."""
        left = self.found.free / max(self.found.disk, 1)
        return Tone.GOOD if left > 0.1 else Tone.DOUBT if left > 0.03 else Tone.BROKEN


@dataclass(frozen=True)
class AuditPage(AdminPage):
    """What was done, newest first."""

    template: ClassVar[str] = "admin/audit.html"
    tab: ClassVar[str] = "/admin/audit"
    found: AuditList
    filters: AuditFilters

    act_words = ACT_WORDS
    via_words = VIA

    @staticmethod
    def address_of(subject: str) -> str:
        """The page of what an entry is about; empty where it has none."""
        found = _RUN.fullmatch(subject)
        return f"/runs/{found[1]}" if found else ""

    @property
    def groups(self) -> dict[str, tuple[Act, ...]]:
        """Every act, by what it is done to."""
        found: dict[str, tuple[Act, ...]] = {}
        for act in Act:
            group = act.partition(".")[0]
            found[group] = (*found.get(group, ()), act)
        return found

    @property
    def query(self) -> dict[str, str]:
        """The filters as the address has them."""
        act = self.filters.act
        given = {
            "actor": self.filters.actor,
            "act": act.value if act else "",
            "subject": self.filters.subject,
        }
        return {name: value for name, value in given.items() if value}

    @property
    def older(self) -> str:
        """The address of the next page; empty where this is the last."""
        if self.found.next is None:
            return ""
        return self.link(before=self.found.next)

    def link(self, **changes: str) -> str:
        """The log with other filters beside those that there are."""
        return f"/admin/audit?{urlencode({**self.query, **changes})}"


@dataclass(frozen=True)
class InForcePage(AdminPage):
    """The settings of the web process, and what is unwise in them."""

    template: ClassVar[str] = "admin/settings.html"
    tab: ClassVar[str] = "/admin/settings"
    sections: tuple[Section, ...]
    warnings: tuple[Warned, ...]
