"""What there is to choose from, as JSON: runtimes and examples."""

from fastapi import APIRouter, Response

from app.routes.files import file
from app.services.examples import list_examples, read_example
from app.services.views import ExampleList, RuntimeList, RuntimeView
from app.web import Here

router = APIRouter(prefix="/api", tags=["catalog"])


@router.get("/runtimes")
def runtimes(web: Here) -> RuntimeList:
    """The runtimes that a run may name; the default one comes first."""
    default = web.settings.default_runtime
    return RuntimeList(
        runtimes=[RuntimeView(name=n, default=n == default) for n in web.settings.pythons]
    )


@router.get("/examples")
def examples() -> ExampleList:
    """The gallery, each with the verdict it promises."""
    return ExampleList(examples=list(list_examples()))


@router.get(
    "/examples/{name}",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
def example(name: str) -> Response:
    """An example's source."""
    view, source = read_example(name)
    return file(source, f"{view.name}.py", "text/plain; charset=utf-8", shown=True)
