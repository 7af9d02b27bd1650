"""Which requests count as the same."""

import pytest
from gateway_house import start_request

from cordboard.call.v1.call_service_pb2 import HoldLegRequest, RetrieveLegRequest
from cordboard.gateway.request_digest import args_digest


def test_the_id_of_a_request_is_not_an_argument() -> None:
    assert args_digest(start_request(request_id="a")) == args_digest(start_request(request_id="b"))


@pytest.mark.parametrize(
    "change", [{"vertical": "x"}, {"workflow": "x"}, {"direction": 2}, {"sdp_offer": "x"}, {"target": "x"}]
)
def test_each_argument_counts(change: dict[str, str]) -> None:
    assert args_digest(start_request(**change)) != args_digest(start_request())


def test_arguments_cannot_trade_places() -> None:
    one, other = HoldLegRequest(call_id="ab", leg_id="c"), HoldLegRequest(call_id="a", leg_id="bc")
    assert args_digest(one) != args_digest(other)


def test_two_kinds_of_request_with_the_same_fields_differ() -> None:
    assert args_digest(HoldLegRequest(call_id="a")) != args_digest(RetrieveLegRequest(call_id="a"))


def test_the_digest_of_a_known_request_never_changes() -> None:
    assert args_digest(HoldLegRequest(request_id="r", call_id="c", leg_id="l")).hex().startswith("e773ba3d23e8")
