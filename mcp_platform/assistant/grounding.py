"""What of the model's free text a customer may read: nothing but placeholders and harmless words.

Owns the rule that no time, price or state of a booking is written by the model. A sentence passes
only if every word of it is in a closed list, in one language, and the words stand in a form that
cannot claim anything (`assistant.judging`). Refuses to recognise lies: what is not known to be
harmless is dropped.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from mcp_platform.assistant.judging import Clause, Rule
from mcp_platform.assistant.lexicon import LANGUAGES, fold, lexicon
from mcp_platform.assistant.lexicon.reading import (
    Sentence,
    Token,
    clean,
    is_name,
    is_quotable,
    sentences_of,
    tokens_of,
    usable_names,
)

MAX_INPUT = 6000  # characters read; the model's own output limit is far below
MAX_OUTPUT = 700  # a WhatsApp text of more is not read; cut at a sentence


@dataclass(frozen=True, slots=True)
class Grounded:
    """What may be said of a model's text. `text` is empty when nothing survived."""

    text: str
    dropped: int
    used: tuple[str, ...]


def ground(
    text: str,
    *,
    language: str,
    placeholders: Mapping[str, str],
    quotable: Collection[str] = (),
    names: Collection[str] = (),
    facts: Mapping[str, Collection[str]] | None = None,
    asked: str = "",
) -> Grounded:
    """Return the sentences of `text` that can be said, placeholders substituted.

    `placeholders` maps `kind:id` to the text rendered from the database. `quotable` are passages
    of this turn's business information, to be repeated whole or not at all. `names` are of the
    business, its services and people, and the contact. `facts` says which of the passages are a
    service's own figures, by its name: those are said beside that name only. `asked` is what the
    contact wrote where nothing that was done answers it: a courtesy would then be the answer.
    """
    known = tuple(sorted({*usable_names(names), *(q for q in quotable if is_name(q))}))
    passages = tuple(sorted({q for q in quotable if is_quotable(q) and not is_name(q)}))
    tokens = tokens_of(clean(text[:MAX_INPUT]), placeholders, passages, known)
    sentences = list(sentences_of(tokens))
    order = sorted(LANGUAGES, key=lambda code: not language.lower().startswith(code))
    figures = _figures(facts or {})
    hosts = {fold(q) for q in quotable if figures and is_name(q)} - figures.keys()
    rules = [Rule(lexicon(code), placeholders, figures, hosts) for code in order]
    answering = bool(asked) and not _is_small_talk(asked, rules, known)
    verdicts = _verdicts(sentences, rules, answering=answering)
    kept = _kept(sentences, verdicts)
    return _compose(sentences, kept)


# -- judging ---------------------------------------------------------------------------------


def _is_small_talk(asked: str, rules: Sequence[Rule], names: tuple[str, ...]) -> bool:
    """Tell whether the contact greets, thanks or tells of their life, and asks for nothing."""
    sentences = list(sentences_of(tokens_of(clean(asked[:MAX_INPUT]), {}, (), names)))
    return any(rule.is_small_talk(sentences) for rule in rules)


def _figures(facts: Mapping[str, Collection[str]]) -> dict[str, frozenset[str]]:
    """Return the figures of each service, leaving out two services of one name."""
    folded: dict[str, frozenset[str]] = {}
    for name, passages in facts.items():
        own = frozenset(fold(passage) for passage in passages)
        folded[fold(name)] = folded.get(fold(name), own) & own
    return folded


def _verdicts(
    sentences: Sequence[Sentence], rules: Sequence[Rule], *, answering: bool
) -> list[frozenset[Clause] | None]:
    """Return the verdict on each sentence; a line that ends in a colon is judged with its list."""

    def judged(sentence: Sentence) -> frozenset[Clause] | None:
        return next((v for rule in rules if (v := rule.judge(sentence, answering=answering))), None)

    verdicts = [judged(sentence) for sentence in sentences]
    for at, sentence in enumerate(sentences):
        if not sentence.introduces():
            continue
        tokens = [*sentence.tokens]
        for follower, verdict in zip(sentences[at + 1 :], verdicts[at + 1 :], strict=True):
            if not follower.listed():
                break
            if verdict is not None:
                tokens += [Token("mark", ","), *(t for t in follower.tokens if t.kind != "end")]
        if len(tokens) > len(sentence.tokens):
            verdicts[at] = judged(replace(sentence, tokens=tuple(tokens))) or verdicts[at]
    return verdicts


# -- writing ---------------------------------------------------------------------------------


def _kept(sentences: list[Sentence], verdicts: list[frozenset[Clause] | None]) -> list[bool]:
    kept = [verdict is not None for verdict in verdicts]
    lost = False  # inside the list of a sentence that was dropped
    for at, sentence in enumerate(sentences):
        if sentence.starts_line and not sentence.listed():
            lost = False
        kept[at] = kept[at] and not (lost and sentence.listed())
        lost = lost or not kept[at]
    said: set[str] = set()
    for at in range(len(sentences) - 1, -1, -1):
        verdict = verdicts[at]
        if not kept[at] or verdict is None:
            continue
        follower = verdicts[at + 1] if at + 1 < len(sentences) and kept[at + 1] else None
        leads = bool(follower and {Clause.FORWARD, Clause.FACT, Clause.COURTESY} & follower)
        if sentences[at].introduces():
            kept[at] = follower is not None and (
                sentences[at + 1].bulleted or Clause.FACT in follower
            )
        elif {Clause.ACK, Clause.COURTESY} & verdict and not (
            {Clause.FORWARD, Clause.FACT} & verdict
        ):
            kept[at] = leads
    for at, sentence in enumerate(sentences):
        text = fold(sentence.text())
        kept[at] = kept[at] and text not in said
        said.add(text)
    return kept


def _compose(sentences: list[Sentence], kept: list[bool]) -> Grounded:
    text, used = "", []
    for sentence, keep in zip(sentences, kept, strict=True):
        if not keep:
            continue
        said = ("• " if sentence.bulleted and sentence.starts_line else "") + sentence.text()
        joint = "" if not text else "\n" if sentence.starts_line else " "
        if len(text) + len(joint) + len(said) > MAX_OUTPUT:
            break
        text += joint + said
        used += [token.key for token in sentence.tokens if token.key]
    return Grounded(text=text, dropped=kept.count(False), used=tuple(used))
