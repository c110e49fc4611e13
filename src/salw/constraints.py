"""Which error each constraint of the database means, of all features: for the service and for the program."""

from salw.access.devices.rules import CONSTRAINTS as DEVICES
from salw.access.duties.rules import CONSTRAINTS as DUTIES
from salw.access.emergency.rules import CONSTRAINTS as EMERGENCY
from salw.access.erasure.rules import CONSTRAINTS as ERASURE
from salw.access.rules import CONSTRAINTS as ACCESS
from salw.commission.rules import CONSTRAINTS as COMMISSION
from salw.core.errors import DomainError
from salw.custody.acknowledgements.rules import CONSTRAINTS as ACKNOWLEDGEMENTS
from salw.custody.authorisations.rules import CONSTRAINTS as AUTHORISATIONS
from salw.custody.declarations.rules import CONSTRAINTS as DECLARATIONS
from salw.custody.musters.rules import CONSTRAINTS as MUSTERS
from salw.custody.nominal_lists.rules import CONSTRAINTS as NOMINAL_LISTS
from salw.custody.paper.rules import CONSTRAINTS as PAPER
from salw.custody.rules import CONSTRAINTS as CUSTODY
from salw.documents.files.rules import CONSTRAINTS as FILES
from salw.documents.orders.rules import CONSTRAINTS as ORDERS
from salw.incidents.rules import CONSTRAINTS as INCIDENTS
from salw.maintenance.rules import CONSTRAINTS as MAINTENANCE
from salw.registry.labels.rules import CONSTRAINTS as LABELS
from salw.registry.photos.rules import CONSTRAINTS as PHOTOS
from salw.registry.rules import CONSTRAINTS as REGISTRY
from salw.stocktakes.rules import CONSTRAINTS as STOCKTAKES
from salw.summaries.rules import CONSTRAINTS as SUMMARIES

CONSTRAINTS: dict[str, tuple[type[DomainError], str]] = {
    **EMERGENCY,
    **ERASURE,
    **REGISTRY,
    **LABELS,
    **CUSTODY,
    **MUSTERS,
    **AUTHORISATIONS,
    **NOMINAL_LISTS,
    **DECLARATIONS,
    **PAPER,
    **MAINTENANCE,
    **INCIDENTS,
    **STOCKTAKES,
    **SUMMARIES,
    **COMMISSION,
    **ACCESS,
    **DEVICES,
    **DUTIES,
    **FILES,
    **ORDERS,
    **ACKNOWLEDGEMENTS,
    **PHOTOS,
}
