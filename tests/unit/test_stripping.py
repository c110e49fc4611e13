"""Pictures without their metadata: what is kept decodes to the same picture, and bears nothing else."""

import struct
import zlib
from io import BytesIO
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps
from PIL.PngImagePlugin import PngInfo

from salw.core.errors import Unacceptable
from salw.documents.files.stripping import strip

SECRET = b"SECRET-PLACE"
ORIENTATION, MAKER, PLACE = 0x0112, 0x010F, 0x8825


def drawn_at_random(mode: str, width: int, height: int, seed: int) -> Image.Image:
    return Image.frombytes("RGBA", (width, height), Random(seed).randbytes(width * height * 4)).convert(mode)


pictures = st.builds(
    drawn_at_random,
    st.sampled_from(["L", "RGB", "RGBA", "P", "CMYK"]),
    st.integers(1, 40),
    st.integers(1, 40),
    st.integers(0, 60),
)


def exif(orientation: int) -> Image.Exif:
    told = Image.Exif()
    told[ORIENTATION] = orientation
    told[MAKER] = SECRET.decode()
    told.get_ifd(PLACE)[29] = SECRET.decode()
    return told


def written(picture: Image.Image, form: str, orientation: int, *, progressive: bool) -> bytes:
    """Write a picture with all that a camera writes into it, and something after its end."""
    out = BytesIO()
    told = {"exif": exif(orientation).tobytes(), "icc_profile": SECRET * 9}
    if form == "JPEG":
        drawn = picture.convert(picture.mode if picture.mode in ("L", "CMYK") else "RGB")
        drawn.save(out, form, comment=SECRET, progressive=progressive, **told)
    elif form == "PNG":
        text = PngInfo()
        text.add_text("Comment", SECRET.decode())
        text.add_itxt("XML:com.adobe.xmp", SECRET.decode())
        drawn = picture.convert("RGB") if picture.mode == "CMYK" else picture
        drawn.save(out, form, pnginfo=text, **told)
    else:
        drawn = picture.convert("RGBA" if picture.mode == "RGBA" else "RGB")
        drawn.save(out, form, lossless=progressive, xmp=SECRET, **told)
    return out.getvalue() + SECRET


def seen(content: bytes) -> tuple[str, tuple[int, int], bytes]:
    """Return a picture as a person sees it: decoded, and turned the way up that it says."""
    with Image.open(BytesIO(content)) as picture:
        turned = ImageOps.exif_transpose(picture)
        return picture.mode, turned.size, turned.tobytes()


@settings(deadline=None, max_examples=80)
@given(pictures, st.sampled_from(["JPEG", "PNG", "WEBP"]), st.integers(1, 8), st.booleans())
def test_what_is_stripped_decodes_to_the_same_picture_and_says_no_more(
    picture: Image.Image, form: str, orientation: int, progressive: bool
) -> None:
    content = written(picture, form, orientation, progressive=progressive)
    kept = strip(content)
    assert kept.media_type == f"image/{form.lower()}"
    assert SECRET in content
    assert SECRET not in kept.content
    assert seen(kept.content) == seen(content)
    with Image.open(BytesIO(kept.content)) as again:
        assert set(again.getexif()) <= {ORIENTATION}
        assert "icc_profile" not in again.info
    assert strip(kept.content) == kept


@settings(deadline=None, max_examples=60)
@given(pictures, st.sampled_from(["JPEG", "PNG", "WEBP"]), st.data())
def test_a_picture_that_was_cut_is_refused_and_nothing_else_happens(
    picture: Image.Image, form: str, data: st.DataObject
) -> None:
    whole = strip(written(picture, form, 1, progressive=False)).content
    cut = whole[: data.draw(st.integers(0, len(whole) - 1))]
    with pytest.raises(Unacceptable) as refused:
        strip(cut)
    assert refused.value.code in ("file.broken", "file.unknown_kind")


@settings(max_examples=200)
@given(
    st.sampled_from([b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\x10\x00\x00\x00WEBP", b"%PDF-1.7", b""]), st.binary()
)
def test_bytes_of_no_picture_are_refused_by_a_code(begins: bytes, rest: bytes) -> None:
    with pytest.raises(Unacceptable):
        strip(begins + rest)


def test_a_preview_and_a_second_picture_go() -> None:
    out = BytesIO()
    Image.new("RGB", (8, 8), "red").save(out, "JPEG")
    jpeg = out.getvalue()
    assert jpeg[2:4] == b"\xff\xe0"
    preview = b"JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x02\x02" + SECRET  # 2 x 2 pixels of three bytes
    with_preview = jpeg[:2] + struct.pack(">HH", 0xFFE0, 2 + len(preview)) + preview + jpeg[20:] + jpeg
    assert strip(with_preview).content == strip(jpeg).content
    frames = BytesIO()
    Image.new("L", (4, 4)).save(frames, "PNG", save_all=True, append_images=[Image.new("L", (4, 4), 255)])
    assert b"fdAT" in frames.getvalue()
    assert b"fdAT" not in strip(frames.getvalue()).content
    moving = BytesIO()
    Image.new("L", (4, 4)).save(moving, "WEBP", save_all=True, append_images=[Image.new("L", (4, 4), 255)])
    with pytest.raises(Unacceptable):
        strip(moving.getvalue())


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file.unknown_kind"),
        (b"GIF89a" + bytes(20), "file.unknown_kind"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "file.unknown_kind"),
        (b"MZ%PDF-1.7 startxref %%EOF", "file.unknown_kind"),
        (b"%PDF-1.7 cut", "file.broken"),
        (b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 0) + b"IEND" + struct.pack(">I", zlib.crc32(b"IEND")), "file.broken"),
    ],
)
def test_what_is_kept_is_known_by_its_bytes(content: bytes, code: str) -> None:
    with pytest.raises(Unacceptable) as refused:
        strip(content)
    assert refused.value.code == code


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "WEBP lossless"])
def test_a_picture_of_few_bytes_and_too_many_points_is_refused(form: str) -> None:
    out = BytesIO()
    Image.new("L", (8_000, 6_251)).save(out, form.split()[0], lossless="lossless" in form)
    with pytest.raises(Unacceptable) as refused:
        strip(out.getvalue())
    assert refused.value.code == "file.too_many_points"
    assert len(out.getvalue()) < 1_000_000


def test_a_paper_stays_as_it_is() -> None:
    paper = b"%PDF-1.7\n...\nstartxref\n9\n%%EOF\n"
    assert (strip(paper).media_type, strip(paper).content) == ("application/pdf", paper)
