-- /// migration
-- revision = "cf8ccc5e9c3b"
-- message = "first tables"
-- created = "2026-12-01T10:31:05Z"
-- asks = ["schema"]
-- ///

-- downgrade locks:
--   public.posts: ACCESS EXCLUSIVE
--   public.users: ACCESS EXCLUSIVE
-- downgrade loses data:
--   drops table public.posts
--   drops table public.users
-- upgrade

CREATE TYPE public.role AS ENUM ('reader', 'writer', 'moderator');

CREATE TABLE public.posts (
    id bigint GENERATED ALWAYS AS IDENTITY,
    author bigint NOT NULL,
    title text NOT NULL,
    tags text[] DEFAULT '{}'::text[] NOT NULL,
    votes integer DEFAULT 0 NOT NULL,
    facts jsonb,
    CONSTRAINT posts_pkey PRIMARY KEY (id),
    CONSTRAINT posts_votes CHECK ((votes >= 0))
);

CREATE INDEX posts_author ON public.posts USING btree (author);

CREATE TABLE public.users (
    id bigint GENERATED ALWAYS AS IDENTITY,
    name text NOT NULL,
    email text NOT NULL,
    role public.role DEFAULT 'reader'::public.role NOT NULL,
    joined timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT users_name_unique UNIQUE (name),
    CONSTRAINT users_pkey PRIMARY KEY (id)
);

ALTER TABLE public.posts ADD CONSTRAINT posts_author_users_id_fk FOREIGN KEY (author) REFERENCES public.users(id) ON DELETE CASCADE;

CREATE UNIQUE INDEX users_email ON public.users USING btree (lower(email));

-- downgrade

DROP TABLE public.posts;

DROP TABLE public.users;

DROP TYPE public.role;
