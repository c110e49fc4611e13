"""The oracle: devices of stores, and what they recorded."""

import device_recipes
from asks import listing
from oracle.table import DEVICE, EMPTY, STORE, Line

_MANAGE, _REPORT = "device:manage", "device:report"

LINES: tuple[Line, ...] = (
    Line("PUT /v1/device-invitations/{invitation_id}", _MANAGE, device_recipes.invitation, STORE),
    # Whoever has no session is told one thing, whatever is wrong with code or signature.
    Line("POST /v1/devices", None, device_recipes.forged_enrolment, "401 device.code_refused"),
    Line("POST /v1/devices/vouched", _REPORT, device_recipes.vouched, DEVICE),
    Line("GET /v1/devices", "device:read", listing("/devices", device_recipes.device_id), EMPTY),
    Line("GET /v1/devices", "device:read", device_recipes.devices_of_store, EMPTY, about="of a store"),
    Line("POST /v1/devices/{device_id}/confirmation", _MANAGE, device_recipes.confirmation, DEVICE),
    Line("POST /v1/devices/{device_id}/renewal", _MANAGE, device_recipes.renewal, DEVICE),
    Line("POST /v1/devices/{device_id}/revocation", _MANAGE, device_recipes.revocation, DEVICE),
    Line("POST /v1/devices/{device_id}/events", _REPORT, device_recipes.events, DEVICE),
    Line("GET /v1/quarantine", _MANAGE, listing("/quarantine", device_recipes.quarantined), EMPTY),
    Line("GET /v1/quarantine", _MANAGE, device_recipes.quarantine_of_device, EMPTY, about="of a device"),
    Line("POST /v1/quarantine/{device_id}/decision", _MANAGE, device_recipes.decision, DEVICE),
)
