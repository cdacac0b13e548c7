"""A failure with all that is known of it, in a fixed number of queries."""

from sqlmodel import Session

from app.fingerprint import VERSION, Parts, name_of, parts_of
from app.models import FailureGroup, GroupState
from app.services.changes import changes_between
from app.services.failure_fixes import count_places, places_of, said_fix
from app.services.failure_group_views import (
    FailureGroupDetail,
    PartView,
    ReasonView,
)
from app.services.failure_groups import group_view
from app.services.failure_remedies import helpful_remedies
from app.services.failure_sightings import another_run, examples_of, look_alikes
from app.services.storage import BlobStore


def group_detail(session: Session, store: BlobStore, group: FailureGroup) -> FailureGroupDetail:
    """All of a failure but the list of its sightings."""
    name = group.fingerprint
    view = group_view(session, name)
    places = places_of(session, name)
    examples = examples_of(session, name, [view.last.run, another_run(places, view.first.run)])
    found = next((place.fix for place in places if place.fix is not None), None)
    said = said_fix(session, group)
    fix = said or found if group.state is GroupState.FIXED else found or said
    changes = None if fix is None else changes_between(session, store, fix.base, fix.run)
    return FailureGroupDetail(
        **dict(view),
        doc=f"/docs/categories/{group.category.value}",
        reason=reason_of(group),
        alike=look_alikes(examples),
        example=examples[0] if examples else None,
        places=places,
        more_places=count_places(session, name) - len(places),
        remedies=helpful_remedies(session, name),
        fix=fix,
        changes=changes,
    )


def reason_of(group: FailureGroup) -> ReasonView:
    """Why runs are in this group: the very parts that its fingerprint hashes."""
    parts = parts_of(
        group.category, group.expression, (group.module_class,), group.text, group.message
    )
    return ReasonView(
        version=group.fingerprint.partition(":")[0],
        parts=_part_views(group, parts),
        complete=group.fingerprint.startswith(f"{VERSION}:")
        and name_of(parts) == group.fingerprint,
    )


def _part_views(group: FailureGroup, parts: Parts) -> list[PartView]:
    told = Parts(
        group.category, group.expression or "", group.module_class, group.text, group.message
    )
    names = ("Category", "Expression", "Class of the module", "Line", "Message")
    return [
        PartView(name=name, counted=counted, told=raw)
        for name, counted, raw in zip(names, parts, told, strict=True)
    ]
