import time

from shop.domain.ids import new_id


def test_ids_are_version_7_and_follow_the_clock() -> None:
    before = time.time_ns() // 1_000_000
    made = [new_id() for _ in range(1000)]
    after = time.time_ns() // 1_000_000
    assert len(set(made)) == 1000
    for identifier in made:
        assert identifier.version == 7
        assert identifier.variant == "specified in RFC 4122"
        assert before <= identifier.int >> 80 <= after
