-- /// migration
-- revision = "2c0d6475339c"
-- message = "first tables"
-- created = "2026-12-01T10:30:38Z"
-- ///

-- downgrade locks:
--   statistics.visits: ACCESS EXCLUSIVE
--   public.books: ACCESS EXCLUSIVE
--   public.authors: ACCESS EXCLUSIVE
-- downgrade loses data:
--   drops table statistics.visits
--   drops table public.books
--   drops table public.authors
-- upgrade

CREATE SCHEMA statistics;

CREATE TYPE public.book_state AS ENUM ('new', 'lent', 'lost');

CREATE SEQUENCE public.authors_id_seq AS integer;

CREATE SEQUENCE public.books_id_seq AS integer;

CREATE SEQUENCE statistics.visits_id_seq AS integer;

CREATE TABLE public.authors (
    id integer DEFAULT nextval('public.authors_id_seq'::regclass) NOT NULL,
    name character varying(200) NOT NULL,
    languages character varying[] DEFAULT '{}'::character varying[] NOT NULL,
    CONSTRAINT pk_authors PRIMARY KEY (id),
    CONSTRAINT uq_authors_name UNIQUE (name)
);

ALTER SEQUENCE public.authors_id_seq OWNED BY public.authors.id;

COMMENT ON TABLE public.authors IS 'Who wrote a book';

CREATE TABLE public.books (
    id integer DEFAULT nextval('public.books_id_seq'::regclass) NOT NULL,
    title character varying NOT NULL,
    price numeric(8,2) NOT NULL,
    state public.book_state DEFAULT 'new'::public.book_state NOT NULL,
    added timestamp without time zone DEFAULT now() NOT NULL,
    facts jsonb DEFAULT '{"rate": "5%"}'::jsonb NOT NULL,
    author_id integer NOT NULL,
    CONSTRAINT ck_books_price CHECK ((price >= (0)::numeric)),
    CONSTRAINT pk_books PRIMARY KEY (id)
);

ALTER SEQUENCE public.books_id_seq OWNED BY public.books.id;

ALTER TABLE public.books ADD CONSTRAINT fk_books_author_id_authors FOREIGN KEY (author_id) REFERENCES public.authors(id) ON DELETE CASCADE;

CREATE INDEX ix_books_author_id ON public.books USING btree (author_id);

CREATE INDEX ix_books_title_lower ON public.books USING btree (lower((title)::text));

CREATE TABLE statistics.visits (
    id integer DEFAULT nextval('statistics.visits_id_seq'::regclass) NOT NULL,
    book_id integer NOT NULL,
    CONSTRAINT pk_visits PRIMARY KEY (id)
);

ALTER SEQUENCE statistics.visits_id_seq OWNED BY statistics.visits.id;

ALTER TABLE statistics.visits ADD CONSTRAINT fk_visits_book_id_books FOREIGN KEY (book_id) REFERENCES public.books(id);

-- downgrade

DROP TABLE statistics.visits;

DROP TABLE public.books;

DROP TABLE public.authors;

DROP TYPE public.book_state;

DROP SCHEMA statistics;
