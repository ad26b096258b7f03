from shop.domain.orders import CHARGED, REFUNDABLE, TRANSITIONS, OrderStatus, sources_of


def test_every_status_has_its_moves() -> None:
    assert set(TRANSITIONS) == set(OrderStatus)


def test_sources_are_the_table_read_backwards() -> None:
    for target in OrderStatus:
        assert sources_of(target) == {s for s in OrderStatus if target in TRANSITIONS[s]}


def test_every_order_can_end() -> None:
    ends = {status for status, targets in TRANSITIONS.items() if not targets}
    assert ends == {OrderStatus.DELIVERED, OrderStatus.CANCELLED}
    for status in OrderStatus:
        seen, waiting = set(), [status]
        while waiting:
            current = waiting.pop()
            seen.add(current)
            waiting += TRANSITIONS[current] - seen
        assert seen & ends


def test_a_charged_order_is_cancelled_only_where_a_refund_is_possible() -> None:
    """A5: an order whose money was taken never slips back to an uncharged state by itself."""
    for status in CHARGED:
        assert TRANSITIONS[status] <= CHARGED | {OrderStatus.CANCELLED}
        assert (OrderStatus.CANCELLED in TRANSITIONS[status]) == (status in REFUNDABLE)
