"""The courses that are followed after a verdict, in their order."""

from workers.follow.model import Course

COURSES: dict[str, Course] = {}
