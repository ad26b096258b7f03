-- Search in any script and by SKU: text is folded before it is compared, and the letters of scripts without
-- spaces are compared in pairs. `shop.domain.scripts` has the same functions for what customers type.
-- Text in ASCII, which most is, takes the short way; it is as long in bytes as in letters.
CREATE FUNCTION folded(value text) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE STRICT AS $$
BEGIN
    IF octet_length(value) = length(value) THEN
        RETURN lower(value);
    END IF;
    RETURN normalize(
        replace(replace(replace(replace(
            translate(
                lower(regexp_replace(normalize(value, NFKD),
                    '[\u0300-\u036f\u0591-\u05bd\u05bf-\u05c7\u0640\u064b-\u065f\u0670]', '', 'g')),
                'øðđħıłŋŧς', 'oddhilntσ'),
            'æ', 'ae'), 'œ', 'oe'), 'þ', 'th'), 'ß', 'ss'),
        NFC);
END
$$;

CREATE FUNCTION unspaced_pattern() RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN '[\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0ecd\u1000-\u103f\u1100-\u11ff\u1780-\u17d3\u3005-\u3007'
        '\u3041-\u3096\u3099\u309a\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3105-\u312f\u31f0-\u31ff'
        '\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]+';

-- Pairs in their order; each run ends with its last letter alone.
CREATE FUNCTION bigrams(folded_text text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
    RETURN (
        SELECT coalesce(string_agg(substr(run.letters[1], place, 2), ' ' ORDER BY run.number, place), '')
        FROM regexp_matches(folded_text, public.unspaced_pattern(), 'g')
             WITH ORDINALITY AS run (letters, number)
        CROSS JOIN LATERAL generate_series(1, length(run.letters[1])) AS place);

CREATE FUNCTION bigram_vector(folded_text text) RETURNS tsvector
    LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
    RETURN (
        SELECT coalesce(string_agg(format('%s:%s', pair, least(number, 16383)), ' '), '')::tsvector
        FROM unnest(string_to_array(nullif(public.bigrams(folded_text), ''), ' '))
             WITH ORDINALITY AS pairs (pair, number));

-- Folded text without its words of the unspaced scripts.
CREATE FUNCTION spaced(folded_text text) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE STRICT AS $$
BEGIN
    IF octet_length(folded_text) = length(folded_text) THEN
        RETURN folded_text;
    END IF;
    RETURN regexp_replace(folded_text, public.unspaced_pattern(), ' ', 'g');
END
$$;

-- The vector of a text: words as English has them, and pairs of letters.
CREATE FUNCTION text_vector(value text) RETURNS tsvector LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE STRICT AS $$
DECLARE
    plain text := public.folded(value);
BEGIN
    IF octet_length(plain) = length(plain) THEN
        RETURN to_tsvector('public.shop'::regconfig, plain);
    END IF;
    RETURN to_tsvector('public.shop'::regconfig, public.spaced(plain)) || public.bigram_vector(plain);
END
$$;

-- The query of a folded word or phrase. A single letter finds the pairs that begin with it.
CREATE FUNCTION phrase_query(phrase text) RETURNS tsquery
    LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
    RETURN CASE
        WHEN phrase !~ public.unspaced_pattern() THEN phraseto_tsquery('public.shop'::regconfig, phrase)
        WHEN length(phrase) = 1 THEN (phrase || ':*')::tsquery
        ELSE (SELECT string_agg(substr(phrase, place, 2), ' <-> ' ORDER BY place)::tsquery
              FROM generate_series(1, length(phrase) - 1) AS place)
    END;

CREATE FUNCTION plain_sku(sku text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
    RETURN regexp_replace(lower(sku), '[^a-z0-9]+', '', 'g');

-- Words of the unspaced scripts are not kept: parts of them are found without a correction.
CREATE OR REPLACE FUNCTION words_of(name text, brand text, tags text[], description text) RETURNS text[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN tsvector_to_array(to_tsvector('public.shop_words'::regconfig, public.spaced(
        public.folded(name || ' ' || brand || ' ' || public.tags_text(tags) || ' ' || description))));

CREATE OR REPLACE FUNCTION typed_text(value text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE STRICT AS $$
DECLARE
    plain text := translate(public.folded(value), '''’', '');
BEGIN
    IF octet_length(plain) = length(plain) THEN
        RETURN ' ' || regexp_replace(plain, '[^[:alnum:]]+', ' ', 'g');
    END IF;
    RETURN ' ' || regexp_replace(
        regexp_replace(
            lower(public.unaccent('public.unaccent'::regdictionary, plain)),
            '(' || public.unspaced_pattern() || ')', ' \1 ', 'g'),
        '(?:(?!' || public.unspaced_pattern() || ')[^[:alnum:]])+', ' ', 'g');
END
$$;

ALTER TABLE products
    ALTER COLUMN search_vector SET EXPRESSION AS (
        setweight(text_vector(name), 'A')
        || setweight(text_vector(brand || ' ' || tags_text(tags)), 'B')
        || setweight(text_vector(description), 'C')
    ),
    ALTER COLUMN typed_name SET EXPRESSION AS (typed_text(name)),
    ADD COLUMN plain_sku text NOT NULL GENERATED ALWAYS AS (plain_sku(sku)) STORED;
CREATE INDEX idx_products_plain_sku_trgm ON products USING gin (plain_sku gin_trgm_ops);
