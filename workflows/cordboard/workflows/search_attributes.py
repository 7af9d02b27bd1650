"""What calls can be searched by in Temporal. Never anything that a caller said."""

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.client import Client
from temporalio.common import SearchAttributeKey

CALL_PHASE = SearchAttributeKey.for_keyword("CallPhase")
TENANT = SearchAttributeKey.for_keyword("Tenant")
VERTICAL = SearchAttributeKey.for_keyword("Vertical")
MEDIA_NODE = SearchAttributeKey.for_keyword("MediaNode")

ALL = (CALL_PHASE, TENANT, VERTICAL, MEDIA_NODE)


async def register_search_attributes(client: Client) -> None:
    """Make sure that the client's namespace knows the attributes; nothing happens when it does."""
    operator = client.operator_service
    known = await operator.list_search_attributes(ListSearchAttributesRequest(namespace=client.namespace))
    missing = {key.name: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD for key in ALL}
    for name in known.custom_attributes:
        missing.pop(name, None)
    if missing:
        await operator.add_search_attributes(
            AddSearchAttributesRequest(namespace=client.namespace, search_attributes=missing)
        )
