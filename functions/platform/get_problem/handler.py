"""GET /api/problems/{code}: the description of a problem type."""

from shop.contracts.problem_documents import ProblemTypeView
from shop.contracts.problems import PROBLEMS
from shop.domain.errors import NotFound
from shop.entrypoints.http import Answer, Request, endpoint


@endpoint(answer=ProblemTypeView, problems=("problem_not_found",))
def handler(request: Request[None, None]) -> Answer:
    """Read what a problem type means and how to resolve it."""
    code = request.path["code"]
    kind = PROBLEMS.get(code)
    if kind is None:
        raise NotFound("There is no problem type of this code.", code="problem_not_found")
    return Answer(ProblemTypeView(code, kind.title, kind.status, kind.meaning, kind.remedy))
