"""Imports every table, so that the metadata is complete."""

from salw.access import models as access
from salw.core.db import metadata
from salw.custody import models as custody
from salw.documents import models as documents
from salw.incidents import models as incidents
from salw.ledger import models as ledger
from salw.registry import models as registry

__all__ = ["access", "custody", "documents", "incidents", "ledger", "metadata", "registry"]
