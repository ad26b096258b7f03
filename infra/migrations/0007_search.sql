-- Search by PostgreSQL: accents do not matter, and misspelt words are looked up among the catalog's own.
CREATE TEXT SEARCH CONFIGURATION shop (COPY = english);
ALTER TEXT SEARCH CONFIGURATION shop
    ALTER MAPPING FOR word, hword, hword_part WITH unaccent, english_stem;

CREATE TEXT SEARCH CONFIGURATION shop_words (COPY = simple);
ALTER TEXT SEARCH CONFIGURATION shop_words
    ALTER MAPPING FOR word, hword, hword_part WITH unaccent, simple;

-- A name as people type it, a blank before each word: for suggestions while they type.
CREATE FUNCTION typed_text(value text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
    RETURN ' ' || regexp_replace(
        translate(lower(public.unaccent('public.unaccent'::regdictionary, value)), '''’', ''),
        '[^[:alnum:]]+', ' ', 'g');

ALTER TABLE products
    ALTER COLUMN search_vector SET EXPRESSION AS (
        setweight(to_tsvector('shop', name), 'A')
        || setweight(to_tsvector('shop', brand || ' ' || tags_text(tags)), 'B')
        || setweight(to_tsvector('shop', description), 'C')
    ),
    ADD COLUMN typed_name text NOT NULL GENERATED ALWAYS AS (typed_text(name)) STORED;
CREATE INDEX idx_products_typed_name_trgm ON products USING gin (typed_name gin_trgm_ops) WHERE is_active;

-- Every word of the catalog, as written (without accents) and as `search_vector` has it. A word stays when
-- its last product goes: at worst it is suggested and finds nothing.
CREATE TABLE search_words (
    word   text PRIMARY KEY,
    lexeme text NOT NULL
);
CREATE INDEX idx_search_words_lexeme ON search_words (lexeme);
CREATE INDEX idx_search_words_trgm ON search_words USING gin (word gin_trgm_ops);

CREATE FUNCTION words_of(name text, brand text, tags text[], description text) RETURNS text[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN tsvector_to_array(to_tsvector('shop_words',
        name || ' ' || brand || ' ' || tags_text(tags) || ' ' || description));

-- Once a statement, in the order of the words, so that two transactions with the same new words cannot
-- lock each other out.
CREATE FUNCTION note_search_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO search_words (word, lexeme)
    SELECT found.word, lexemes[1]
    FROM (SELECT DISTINCT unnest(words_of(name, brand, tags, description)) AS word FROM changed) AS found
    CROSS JOIN LATERAL tsvector_to_array(to_tsvector('shop', found.word)) AS lexemes
    WHERE found.word ~ '^[[:alpha:]]{3,40}$' AND cardinality(lexemes) = 1
      AND NOT EXISTS (SELECT FROM search_words AS s WHERE s.word = found.word)
    ORDER BY found.word
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER products_inserted_words AFTER INSERT ON products
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION note_search_words();
CREATE TRIGGER products_updated_words AFTER UPDATE ON products
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION note_search_words();

INSERT INTO search_words (word, lexeme)
SELECT found.word, lexemes[1]
FROM (SELECT DISTINCT unnest(words_of(name, brand, tags, description)) AS word FROM products) AS found
CROSS JOIN LATERAL tsvector_to_array(to_tsvector('shop', found.word)) AS lexemes
WHERE found.word ~ '^[[:alpha:]]{3,40}$' AND cardinality(lexemes) = 1;

-- A lower threshold than the server's: "bycicle" shares 3 of 13 trigrams with "bicycle".
CREATE FUNCTION similar_words(wanted text) RETURNS text[]
    LANGUAGE sql STABLE PARALLEL SAFE
    SET pg_trgm.similarity_threshold = 0.2
    AS $$
        SELECT ARRAY(
            SELECT word FROM search_words WHERE word % wanted
            ORDER BY similarity(word, wanted) DESC, word LIMIT 40)
    $$;

CREATE AGGREGATE any_of (tsquery) (sfunc = tsquery_or, stype = tsquery, parallel = safe);
CREATE AGGREGATE all_of (tsquery) (sfunc = tsquery_and, stype = tsquery, parallel = safe);
