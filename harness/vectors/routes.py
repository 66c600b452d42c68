"""The modules of a model that read texts: one, or one on each route of a `Router`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from harness.data.model_declaration import route_of

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer


def first_modules(model: SentenceTransformer) -> list[Any]:
    """Return the module that reads texts; of a `Router`, that of each route."""
    routes = _routes(model)
    return [model[0]] if routes is None else [route[0] for route in routes.values()]


def first_module(model: SentenceTransformer, task: str | None) -> Any:
    """Return the module that reads the texts of a task, "query" or "document"; None where no route does.

    Without a task, a `Router` takes its default route.
    """
    routes, router = _routes(model), cast("Any", model[0])
    if routes is None:
        return router
    name = router.default_route if task is None else route_of(task, routes, router.route_mappings)
    return routes[name][0] if name in routes else None


def _routes(model: SentenceTransformer) -> dict[str, Any] | None:
    """Return name → modules of each route; None for a model without routes."""
    routes = getattr(model[0], "sub_modules", None)
    return None if routes is None else dict(routes.items())
