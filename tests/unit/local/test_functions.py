from shop_local.functions import declared, is_name_of


def test_a_truncated_name_is_recognised() -> None:
    assert is_name_of("shop-OrdersCheckoutFunction-146c2942", "OrdersCheckoutFunction")
    assert is_name_of(
        "shop-NotificationsOnOrderConf-e6c47c6b", "NotificationsOnOrderConfirmedFunction"
    )
    assert not is_name_of("shop-OrdersOnOrderPaidFunctio-1", "OrdersOnOrderConfirmedFunction")
    assert not is_name_of("shop", "OrdersCheckoutFunction")


def test_every_truncated_name_matches_one_function() -> None:
    ids = [function.logical_id for function in declared()]
    for logical_id in ids:
        name = f"shop-{logical_id[:24]}-0a1b2c3d"
        assert [other for other in ids if is_name_of(name, other)] == [logical_id]
