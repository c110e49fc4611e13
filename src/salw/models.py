"""Imports every table, so that the metadata is complete."""

from salw.access import models as access
from salw.access.devices import models as devices
from salw.access.duties import models as duties
from salw.access.emergency import models as emergency
from salw.access.erasure import models as erasure
from salw.commission import models as commission
from salw.core.db import metadata
from salw.custody import models as custody
from salw.custody import transfer_models as transfers
from salw.custody.acknowledgements import models as acknowledgements
from salw.custody.authorisations import models as authorisations
from salw.custody.declarations import models as declarations
from salw.custody.entitlements import models as entitlements
from salw.custody.musters import models as musters
from salw.custody.nominal_lists import models as nominal_lists
from salw.custody.paper import models as paper
from salw.documents import models as documents
from salw.documents.files import models as files
from salw.documents.orders import models as orders
from salw.incidents import models as incidents
from salw.intake.register import models as register
from salw.ledger import models as ledger
from salw.maintenance import models as maintenance
from salw.registry import models as registry
from salw.registry.photos import models as photos
from salw.scanning import models as scanning
from salw.stocktakes import models as stocktakes
from salw.summaries import models as summaries

__all__ = [
    "access",
    "acknowledgements",
    "authorisations",
    "commission",
    "custody",
    "declarations",
    "devices",
    "documents",
    "duties",
    "emergency",
    "entitlements",
    "erasure",
    "files",
    "incidents",
    "ledger",
    "maintenance",
    "metadata",
    "musters",
    "nominal_lists",
    "orders",
    "paper",
    "photos",
    "register",
    "registry",
    "scanning",
    "stocktakes",
    "summaries",
    "transfers",
]
