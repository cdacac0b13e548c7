"""SQLModel tables, one file a noun. Importing this package fills the metadata."""

from app.models.api_token import ApiToken, Scope
from app.models.audit import Act, Audit
from app.models.blocker import Blocker, Search
from app.models.comment import Comment
from app.models.component import Component, Role
from app.models.delivery import Delivery, DeliveryState
from app.models.event import RunEvent
from app.models.failure import Category, Failure
from app.models.failure_group import FailureGroup, GroupState
from app.models.fate import Fate
from app.models.graph import Graph
from app.models.guard import Guard, GuardKind
from app.models.holding import Holding
from app.models.invite import Invite
from app.models.log import RunLog
from app.models.login import Login
from app.models.oidc_flow import OidcFlow
from app.models.person import Person, PersonRole
from app.models.remedy import Remedy, RemedyKind, RemedyStatus
from app.models.run import Run, RunStatus, Verdict
from app.models.saved_filter import SavedFilter
from app.models.script import Script, ScriptKind
from app.models.share import Share, ShareKind, ShareState
from app.models.sighting import FailurePlace, Sighting
from app.models.stage import ReplayStatus, Stage, StageKind, StageStatus
from app.models.tag import RunTag
from app.models.webhook import SUBSCRIBED, Webhook, WebhookEvent
from app.models.worker import Worker

__all__ = [
    "SUBSCRIBED",
    "Act",
    "ApiToken",
    "Audit",
    "Blocker",
    "Category",
    "Comment",
    "Component",
    "Delivery",
    "DeliveryState",
    "Failure",
    "FailureGroup",
    "FailurePlace",
    "Fate",
    "Graph",
    "GroupState",
    "Guard",
    "GuardKind",
    "Holding",
    "Invite",
    "Login",
    "OidcFlow",
    "Person",
    "PersonRole",
    "Remedy",
    "RemedyKind",
    "RemedyStatus",
    "ReplayStatus",
    "Role",
    "Run",
    "RunEvent",
    "RunLog",
    "RunStatus",
    "RunTag",
    "SavedFilter",
    "Scope",
    "Script",
    "ScriptKind",
    "Search",
    "Share",
    "ShareKind",
    "ShareState",
    "Sighting",
    "Stage",
    "StageKind",
    "StageStatus",
    "Verdict",
    "Webhook",
    "WebhookEvent",
    "Worker",
]
