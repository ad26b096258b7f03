"""The statements of `shop.adapters.postgres.search`."""

from functools import cache
from typing import Final

# Looks up each word: stop words have no lexemes; words that no product contains are returned with similar
# ones.
WORDS: Final = """
    SELECT w.word, l.lexemes <> '{}' AS has_lexemes, known.is_known,
           CASE WHEN known.is_known OR l.lexemes = '{}' THEN '{}'
                ELSE similar_words(w.word) END AS similar_words
    FROM unnest(%(words)s::text[]) WITH ORDINALITY AS w (word, position)
    CROSS JOIN LATERAL tsvector_to_array(to_tsvector('shop', w.word)) AS l (lexemes)
    CROSS JOIN LATERAL (
        SELECT EXISTS (SELECT FROM search_words AS s WHERE s.lexeme = ANY(l.lexemes))
    ) AS known (is_known)
    ORDER BY w.position
"""

# `groups` is a list of lists of words and phrases; a product matches a group if it contains one of its
# members. If too few products match all groups, products that match `least` of them are returned. The matches
# are counted, because a query that lists every combination of half of the groups has 924 combinations for 12
# words.
_WANTED: Final = """
    WITH groups AS (
        SELECT g.number, any_of(phrase_query(a.phrase)) AS query
        FROM jsonb_array_elements(%(groups)s::jsonb) WITH ORDINALITY AS g (alternatives, number)
        CROSS JOIN LATERAL jsonb_array_elements_text(g.alternatives) AS a (phrase)
        GROUP BY g.number
    ), queries AS MATERIALIZED (
        SELECT (SELECT any_of(query) FROM groups) AS anything,
               (SELECT all_of(query) FROM groups) AS everything
    ), whole AS (
        SELECT coalesce(%(strict)s::boolean, count(*) >= %(enough)s) AS is_enough FROM (
            SELECT FROM products AS p CROSS JOIN queries
            WHERE p.is_active AND p.search_vector @@ everything LIMIT %(enough)s) AS w
    ), wanted AS MATERIALIZED (
        SELECT anything, everything,
               CASE WHEN is_enough THEN everything ELSE anything END AS required,
               CASE WHEN is_enough THEN 1 ELSE %(least)s END AS least
        FROM queries CROSS JOIN whole
    ),"""

_HAS_WORDS: Final = """
          AND p.search_vector @@ w.required
          AND (w.least = 1
               OR (SELECT count(*) FROM groups AS g WHERE p.search_vector @@ g.query) >= w.least)"""

# The text may be a SKU: products with it are found besides those that the words match.
# A union, because no index serves both conditions.
_HAS_SKU_OR_WORDS: Final = f"""
          AND p.id IN (
            SELECT s.id FROM products AS s WHERE s.plain_sku LIKE %(sku_pattern)s
            UNION ALL
            SELECT p.id FROM products AS p CROSS JOIN wanted AS w WHERE p.is_active {_HAS_WORDS})"""  # noqa: S608

_BRAND_OK: Final = "(%(brands)s::text[] IS NULL OR p.brand = ANY(%(brands)s::text[]))"
_CATEGORY_OK: Final = (
    "(%(categories)s::text[] IS NULL OR p.category_id IN (SELECT id FROM subtree))"
)
_PRICE_OK: Final = "p.price_minor BETWEEN %(price_from)s AND %(price_to)s"

# Filters without a facet. Those of facets become columns, because each facet ignores its own filter.
_MATCHED: Final = f"""
    subtree AS MATERIALIZED (
        SELECT c.id FROM categories AS c JOIN categories AS chosen
          ON c.path = chosen.path OR starts_with(c.path, chosen.path || '/')
        WHERE chosen.slug = ANY(%(categories)s::text[])
    ), matched AS MATERIALIZED (
        SELECT p.id, p.brand, p.category_id, p.price_minor, p.created_at, {{score}} AS score,
               {_BRAND_OK} AS brand_ok, {_CATEGORY_OK} AS category_ok, {_PRICE_OK} AS price_ok
        FROM products AS p {{text}}
        WHERE p.is_active {{condition}}
          AND (%(tags)s::text[] IS NULL OR p.tags @> %(tags)s::text[])
          AND (NOT %(in_stock)s OR EXISTS (
                SELECT FROM inventory AS i WHERE i.product_id = p.id AND i.quantity_available > 0))
    )"""  # noqa: S608 - only constants of this module are put in

_FACETS: Final = """
    , found AS (SELECT * FROM matched WHERE brand_ok AND category_ok AND price_ok)
    , by_category AS (
        SELECT category_id, count(*) AS number FROM matched WHERE brand_ok AND price_ok GROUP BY 1
    )
    SELECT
        (SELECT count(*) FROM found) AS total,
        (SELECT coalesce(json_object_agg(brand, number ORDER BY number DESC, brand), '{}')
         FROM (SELECT brand, count(*) AS number FROM matched
               WHERE category_ok AND price_ok AND brand <> '' GROUP BY brand
               ORDER BY brand = ANY(coalesce(%(brands)s::text[], '{}')) DESC, number DESC, brand
               LIMIT %(brand_limit)s) AS b) AS brands,
        (SELECT json_build_array(
                    count(*) FILTER (WHERE price_minor < %(first_limit)s),
                    count(*) FILTER (WHERE price_minor >= %(first_limit)s
                                       AND price_minor < %(second_limit)s),
                    count(*) FILTER (WHERE price_minor >= %(second_limit)s))
         FROM matched WHERE brand_ok AND category_ok) AS price_ranges,
        (SELECT coalesce(json_object_agg(slug, number ORDER BY number DESC, slug), '{}')
         FROM (SELECT above.slug, sum(b.number) AS number
               FROM by_category AS b JOIN categories AS c ON c.id = b.category_id
               JOIN categories AS above
                 ON c.path = above.path OR starts_with(c.path, above.path || '/')
               GROUP BY above.slug) AS s) AS categories,
"""

_HEADLINE: Final = f"'StartSel={chr(0xE000)}, StopSel={chr(0xE001)}, "

_PAGE: Final = """
        (SELECT coalesce(json_agg(json_build_object(
                    'product_id', p.id, 'name', p.name, 'description', p.description, 'brand', p.brand,
                    'price_minor', p.price_minor, 'currency', p.currency,
                    'stock', coalesce(i.quantity_available, 0), 'image_url', p.image_url,
                    'category', c.slug, 'name_marked', {name}, 'description_marked', {description},
                    'key', {key}
                ) ORDER BY {order}), '[]')
         FROM (SELECT * FROM found AS t {rest} ORDER BY {order} LIMIT %(limit)s OFFSET %(offset)s) AS t
         JOIN products AS p ON p.id = t.id
         JOIN categories AS c ON c.id = p.category_id
         LEFT JOIN inventory AS i ON i.product_id = p.id {wanted}) AS results,
         {strict} AS is_strict
"""

_MICROSECONDS: Final = "(extract(epoch FROM t.created_at) * 1000000)::bigint"
#: The value by which each order sorts, and its direction; ties are ordered by id.
_KEYS: Final = {
    "relevance": ("t.score", "DESC"),
    "newest": (_MICROSECONDS, "DESC"),
    "price_asc": ("t.price_minor", "ASC"),
    "price_desc": ("t.price_minor", "DESC"),
}

# {D, C, B, A}: description, nothing, brand and tags, name.
_SCORE: Final = (
    "(ts_rank('{0, 0.1, 0.4, 1}', p.search_vector, w.anything)"
    " + (p.search_vector @@ w.everything)::integer)::float8"
)
# The whole SKU first, then its beginning, then a part of it; every other score is less than ten.
_SKU_SCORE: Final = f"""
    {_SCORE} + CASE WHEN p.plain_sku = %(sku)s THEN 1000
                    WHEN NOT p.plain_sku LIKE %(sku_pattern)s THEN 0
                    WHEN starts_with(p.plain_sku, %(sku)s) THEN 100 ELSE 10 END
"""


@cache
def search_statement(
    order: str, *, has_words: bool, has_sku: bool = False, after: bool = False
) -> str:
    """Build the statement of a search, from its beginning or after a place, from this module's constants."""
    key, direction = _KEYS[order]
    kind, comparison = "float8" if order == "relevance" else "bigint", ">"
    if direction == "DESC":
        comparison = "<"
    place = f"%(key)s::{kind}"
    walk = {
        "key": key,
        "order": f"{key} {direction}, t.id",
        "rest": (
            f"WHERE {key} {comparison} {place} OR ({key} = {place} AND t.id > %(id)s::uuid)"
            if after
            else ""
        ),
    }
    if has_words:
        matched = _MATCHED.format(
            score=_SKU_SCORE if has_sku else _SCORE,
            text="CROSS JOIN wanted AS w",
            condition=_HAS_SKU_OR_WORDS if has_sku else _HAS_WORDS,
        )
        page = _PAGE.format(
            name=f"ts_headline('shop', p.name, w.anything, {_HEADLINE}HighlightAll=true')",
            description=(
                f"ts_headline('shop', p.description, w.anything, {_HEADLINE}MaxFragments=2, "
                "MinWords=6, MaxWords=16, FragmentDelimiter= … ')"
            ),
            wanted="CROSS JOIN wanted AS w",
            strict="(SELECT is_enough FROM whole)",
            **walk,
        )
        return f"{_WANTED} {matched} {_FACETS} {page}"
    matched = _MATCHED.format(score="0::float8", text="", condition="")
    page = _PAGE.format(name="NULL", description="NULL", wanted="", strict="TRUE", **walk)
    return f"WITH {matched} {_FACETS} {page}"


# Each typed word begins a word of the name; names that begin with the whole text come first. The longest word
# uses the index, which LIKE ALL cannot. Products whose SKU contains the text come before all.
SUGGEST: Final = """
    SELECT p.id AS product_id, p.name, p.brand, c.slug AS category
    FROM products AS p JOIN categories AS c ON c.id = p.category_id
    WHERE p.is_active AND p.id IN (
        SELECT id FROM products WHERE plain_sku LIKE %(sku_pattern)s
        UNION ALL
        SELECT id FROM products
        WHERE is_active AND typed_name LIKE %(longest)s AND typed_name LIKE ALL(%(patterns)s))
    ORDER BY p.plain_sku = %(sku)s DESC, p.plain_sku LIKE %(sku_pattern)s DESC,
             NOT starts_with(p.typed_name, %(start)s), length(p.name), p.name, p.id
    LIMIT %(limit)s
"""
