"""What calls can be searched by in Temporal. Never anything that a caller said."""

from collections.abc import Iterable

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.client import Client
from temporalio.common import SearchAttributeKey
from temporalio.service import RPCError, RPCStatusCode

CALL_PHASE = SearchAttributeKey.for_keyword("CallPhase")
TENANT = SearchAttributeKey.for_keyword("Tenant")
VERTICAL = SearchAttributeKey.for_keyword("Vertical")
MEDIA_NODE = SearchAttributeKey.for_keyword("MediaNode")

ALL = (CALL_PHASE, TENANT, VERTICAL, MEDIA_NODE)


async def register_search_attributes(client: Client) -> None:
    """Make sure that the client's namespace knows the attributes; nothing happens when it does."""
    missing = {key.name: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD for key in ALL}
    for name in await _known(client):
        missing.pop(name, None)
    if missing:
        request = AddSearchAttributesRequest(namespace=client.namespace, search_attributes=missing)
        await client.operator_service.add_search_attributes(request)


async def _known(client: Client) -> Iterable[str]:
    request = ListSearchAttributesRequest(namespace=client.namespace)
    try:
        response = await client.operator_service.list_search_attributes(request)
    except RPCError as error:
        # The time-skipping test server can add them, but not list them.
        if error.status == RPCStatusCode.UNIMPLEMENTED:
            return ()
        raise
    return response.custom_attributes
