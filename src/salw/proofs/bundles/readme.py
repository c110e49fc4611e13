"""The text that explains a bundle to whoever opens it: French, then English. Pure."""

from collections.abc import Mapping

from salw.core.language import LANGUAGES, Language, translate
from salw.proofs.bundles.contents import Bundle


def make_readme(bundle: Bundle, digests: Mapping[str, str]) -> str:
    """Return the text, with the SHA-256 of every other file of the bundle."""
    return "\n\n\n".join(_in(language, bundle, digests) for language in LANGUAGES)


def _in(language: Language, bundle: Bundle, digests: Mapping[str, str]) -> str:
    return translate(
        "bundle.readme",
        language,
        subject=translate(f"verifier.subject.{bundle.subject.kind}", language, name=bundle.subject.name),
        count=sum(len(part.entries) for part in bundle.parts),
        country=bundle.country,
        unsealed=bundle.unsealed,
        checkpoints="\n".join(part.note for part in bundle.parts),
        digests="".join(f"{digest}  {name}\n" for name, digest in sorted(digests.items())),
    )
