"""API Gateway in front of functions: what passes through, and how errors look."""

from tests.integration.localstack.conftest import Deployed


def test_an_unknown_route_is_the_configured_404(stack: Deployed) -> None:
    answer = stack.http.get("/nowhere")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "route_not_found"
    assert answer.json()["request_id"] == answer.headers["x-request-id"]


def test_an_unknown_method_is_the_configured_404(stack: Deployed) -> None:
    assert stack.http.delete("/things/1").status_code == 404


def test_a_crashed_function_is_the_configured_5xx(stack: Deployed) -> None:
    for query in ({"exit": 1}, {"raise": "broken"}):
        answer = stack.http.get("/things/1", params=query)
        assert answer.status_code == 502
        assert answer.json() == {"code": "internal_error"}
        assert answer.headers["content-type"] == "application/problem+json"


def test_a_function_that_times_out_is_a_5xx(stack: Deployed) -> None:
    answer = stack.http.get("/things/1", params={"sleep": 30})
    assert answer.status_code == 502
    assert answer.json() == {"code": "internal_error"}


def test_a_body_above_ten_megabytes_is_refused(stack: Deployed) -> None:
    answer = stack.http.post("/things/1", content=b"x" * (10 * 1024 * 1024 + 1))
    assert answer.status_code == 413
    assert answer.json() == {"code": "bad_request", "detail": "Request Too Long"}


def test_a_large_text_body_arrives(stack: Deployed) -> None:
    text = "ü" * 1_000_000
    answer = stack.http.post("/things/1", content=text.encode())
    assert answer.json()["body"] == text


def test_binary_goes_out_as_it_is(stack: Deployed) -> None:
    answer = stack.http.get("/things/1", params={"bytes": 65536}, headers={"Accept": "image/png"})
    assert answer.headers["content-type"] == "image/png"
    assert answer.content == bytes(range(256)) * 256


def test_values_that_come_more_than_once_all_arrive(stack: Deployed) -> None:
    answer = stack.http.get(
        "/things/1?tag=a&tag=b", headers=[("X-Several", "1"), ("X-Several", "2")]
    )
    event = answer.json()
    assert event["multiValueQueryStringParameters"]["tag"] == ["a", "b"]
    assert "1" in str(event["multiValueHeaders"]["X-Several"])
    assert answer.headers.get_list("set-cookie") == ["a=1", "b=2"]


def test_the_function_sets_status_and_headers(stack: Deployed) -> None:
    answer = stack.http.get("/things/42", params={"status": "202"})
    assert answer.status_code == 202
    assert answer.headers["x-request-id"]
    assert answer.json()["pathParameters"] == {"id": "42"}
    assert answer.json()["resource"] == "/things/{id}"
