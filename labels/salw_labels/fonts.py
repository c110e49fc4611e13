"""The typefaces that every PDF of the project embeds, labels and reports alike."""

from functools import cache
from pathlib import Path
from threading import RLock

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

SANS = "DejaVuSans"
SANS_BOLD = "DejaVuSans-Bold"
MONO = "DejaVuSansMono"
FOLDER = Path(__file__).parent / "fonts"

# reportlab's font objects are shared by all documents and keep a reading position while they cut a subset.
# Two threads that finish a PDF at once would corrupt each other's fonts: whoever calls `getpdfdata`, `save`
# or `build` on a document with these fonts holds this lock.
saving = RLock()


@cache
def register() -> None:
    """Make the three typefaces known to reportlab under their names; repeating it does nothing."""
    with saving:
        for name in (SANS, SANS_BOLD, MONO):
            pdfmetrics.registerFont(TTFont(name, str(FOLDER / f"{name}.ttf")))
        pdfmetrics.registerFontFamily(SANS, normal=SANS, bold=SANS_BOLD, italic=SANS, boldItalic=SANS_BOLD)
        pdfmetrics.registerFontFamily(MONO, normal=MONO, bold=MONO, italic=MONO, boldItalic=MONO)
