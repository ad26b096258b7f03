"""The table of flows names the functions of the template, and finds them by their physical names."""

import pytest

from shop.domain.flows import FLOWS, SCHEDULED, logical_id, title_of
from shop_local.functions import declared


def test_the_tables_name_the_functions_of_the_template() -> None:
    assert set(FLOWS) == {function.title for function in declared()}
    assert {function.title for function in declared() if function.schedule} == SCHEDULED


def test_logical_ids_follow_from_titles() -> None:
    for function in declared():
        assert logical_id(function.title) == function.logical_id


@pytest.mark.parametrize("stack", ["shop", "shop-of-somebody-in-test"])
@pytest.mark.parametrize("kept", [24, 64])
def test_a_function_is_found_by_its_physical_name(stack: str, kept: int) -> None:
    for function in declared():
        name = f"{stack}-{function.logical_id[:kept]}-1A2B3C4D5E6F"
        assert title_of(name) == function.title


@pytest.mark.parametrize(
    "name",
    ["", "shop", "shop-Orders-1A2B", "shop-OrdersGetOrderFunctionOld-1A2B", "other-Function-1"],
)
def test_an_unknown_or_ambiguous_name_has_no_title(name: str) -> None:
    assert title_of(name) is None
