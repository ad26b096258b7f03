"""The search index: its names, its mapping, and the fields of a product that it stores."""

from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from shop.adapters.synonyms import synonyms
from shop.domain.scripts import bigrams, folded
from shop.domain.search_results import SearchDocument

#: Lucene's stop words. They are marked before stemming, so that "one" and "willing" are not removed for their
#: stems "on" and "will", and removed after the synonyms are applied ("carry on").
_STOP_WORDS: Final = (
    "a", "an", "and", "are", "as", "at", "be", "but", "by", "for", "if", "in",
    "into", "is", "it", "no", "not", "of", "on", "or", "such", "that", "the", "their",
    "then", "there", "these", "they", "this", "to", "was", "will", "with",
)  # fmt: skip
_MARK: Final = "_"
#: Characters of a typed word that are compared; the rest is ignored.
_TYPED_LETTERS: Final = 20


class IndexNames(msgspec.Struct, frozen=True):
    """Names of the indexes and of the aliases that point to them.

    Attributes
    ----------
    alias : str
        Points to the live index; indexes are named ``<alias>-<time>``.
    """

    alias: str = "products"

    @property
    def building(self) -> str:
        """Alias of the index that is being built beside the live one."""
        return f"{self.alias}-building"

    def new(self) -> str:
        """Return a name for a new index, made from the current time."""
        return f"{self.alias}-{datetime.now(UTC):%Y%m%d%H%M%S%f}"


def settings() -> dict[str, Any]:
    """Return the index settings, which define how text is analysed.

    Synonyms are applied to queries only, so that one word stays one word in the index. They are applied after
    stemming, so that they match words in any form, and before stop words are removed ("carry on").
    """
    plain = ["lowercase", "asciifolding"]
    stemmed = ["english_possessive", *plain, "mark_stop_words", "english_stem"]
    return {
        "number_of_shards": 1,
        "auto_expand_replicas": "0-1",
        "refresh_interval": "1s",
        "max_result_window": 10_000,
        "analysis": {
            "filter": {
                "english_possessive": {"type": "stemmer", "language": "possessive_english"},
                "mark_stop_words": {
                    "type": "stemmer_override",
                    "rules": [f"{word} => {word}{_MARK}" for word in _STOP_WORDS],
                },
                "marked_stop_words": {
                    "type": "stop",
                    "stopwords": [f"{word}{_MARK}" for word in _STOP_WORDS],
                },
                "english_stem": {"type": "stemmer", "language": "english"},
                "synonyms": {"type": "synonym_graph", "synonyms": list(synonyms().lines)},
                "beginnings": {"type": "edge_ngram", "min_gram": 1, "max_gram": _TYPED_LETTERS},
                "typed_letters": {"type": "truncate", "length": _TYPED_LETTERS},
                "trigrams": {"type": "ngram", "min_gram": 3, "max_gram": 3},
            },
            "analyzer": {
                "product_text": _analyzer("standard", [*stemmed, "marked_stop_words"]),
                "product_query": _analyzer("standard", [*stemmed, "synonyms", "marked_stop_words"]),
                "pairs": _analyzer("whitespace", []),
                "typed": _analyzer("whitespace", ["beginnings"]),
                "typed_query": _analyzer("whitespace", ["typed_letters"]),
                "spelling": _analyzer("standard", [*plain, "trigrams"]),
            },
        },
    }


def _analyzer(tokenizer: str, filters: list[str]) -> dict[str, Any]:
    return {"type": "custom", "tokenizer": tokenizer, "filter": filters}


_TEXT: Final[dict[str, Any]] = {
    "type": "text",
    "analyzer": "product_text",
    "search_analyzer": "product_query",
}
# A short name or a short list of tags does not make a product more relevant.
_WORDS: Final[dict[str, Any]] = _TEXT | {"norms": False, "copy_to": ["spelling"]}
_PAIRS: Final[dict[str, Any]] = {"type": "text", "analyzer": "pairs", "norms": False}
_EXACT: Final[dict[str, Any]] = {"raw": {"type": "keyword", "ignore_above": 512}}

#: Documents may contain only the fields declared here.
MAPPING: Final[dict[str, Any]] = {
    "dynamic": "strict",
    "properties": {
        "id": {"type": "keyword"},
        "name": _WORDS | {"fields": _EXACT},
        "description": _TEXT,
        "brand": _WORDS | {"fields": _EXACT},
        "tags": _WORDS | {"fields": _EXACT},
        "category": {"type": "keyword"},
        "category_path": {"type": "keyword"},
        "price_minor": {"type": "long"},
        "currency": {"type": "keyword"},
        "stock": {"type": "integer"},
        "image_url": {"type": "keyword", "index": False, "doc_values": False},
        "is_active": {"type": "boolean"},
        "created_at": {"type": "date"},
        "typed_name": {
            "type": "text",
            "analyzer": "typed",
            "search_analyzer": "typed_query",
            "index_options": "docs",
            "norms": False,
            "fields": _EXACT,
        },
        "name_length": {"type": "integer"},
        # Pairs of letters of the scripts without spaces, in their order.
        "name_pairs": _PAIRS,
        "pairs": _PAIRS,
        "plain_sku": {"type": "keyword"},
        "everything": _TEXT | {"norms": False},
        "spelling": {
            "type": "text",
            "analyzer": "spelling",
            "index_options": "freqs",
            "norms": False,
        },
    },
}


def definition() -> dict[str, Any]:
    """Return the body that creates an index."""
    return {"settings": {"index": settings()}, "mappings": MAPPING}


def operation(document: SearchDocument, index: str, *, by_alias: bool) -> list[dict[str, Any]]:
    """Build the two lines of a bulk request that write a document unless the index has a newer one."""
    header = {
        "_index": index,
        "_id": str(document.product_id),
        "version": document.version,
        "version_type": "external",
    }
    if by_alias:
        # OpenSearch must not create a missing index by itself, without a mapping.
        header["require_alias"] = True
    return [{"index": header}, _source(document)]


def _source(document: SearchDocument) -> dict[str, Any]:
    everything = folded(
        " \n ".join((document.name, document.brand, *document.tags, document.description))
    )
    return {
        "id": str(document.product_id),
        "name": document.name,
        "description": document.description,
        "brand": document.brand,
        "tags": list(document.tags),
        "category": document.category,
        "category_path": document.category_path.split("/"),
        "price_minor": document.price_minor,
        "currency": document.currency,
        "stock": document.stock,
        "image_url": document.image_url,
        "is_active": document.is_active,
        "created_at": document.created_at.isoformat(),
        "typed_name": document.typed_name.strip(),
        "name_length": len(document.name),
        "everything": everything,
        "name_pairs": bigrams(folded(document.name)),
        "pairs": bigrams(everything),
        "plain_sku": document.plain_sku,
    }
