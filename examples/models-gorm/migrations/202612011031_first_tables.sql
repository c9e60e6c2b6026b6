-- /// migration
-- revision = "103e86c8b2c6"
-- message = "first tables"
-- created = "2026-12-01T10:31:20Z"
-- ///

-- downgrade locks:
--   public.repairs: ACCESS EXCLUSIVE
--   public.customers: ACCESS EXCLUSIVE
-- downgrade loses data:
--   drops table public.repairs
--   drops table public.customers
-- upgrade

CREATE SEQUENCE public.customers_id_seq;

CREATE SEQUENCE public.repairs_id_seq;

CREATE TABLE public.customers (
    id bigint DEFAULT nextval('public.customers_id_seq'::regclass) NOT NULL,
    name text NOT NULL,
    phone text,
    created timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT customers_pkey PRIMARY KEY (id)
);

ALTER SEQUENCE public.customers_id_seq OWNED BY public.customers.id;

CREATE UNIQUE INDEX idx_customers_phone ON public.customers USING btree (phone);

CREATE TABLE public.repairs (
    id bigint DEFAULT nextval('public.repairs_id_seq'::regclass) NOT NULL,
    customer_id bigint NOT NULL,
    thing text NOT NULL,
    price numeric(8,2) NOT NULL,
    discount text DEFAULT '5%'::text NOT NULL,
    CONSTRAINT chk_repairs_price CHECK ((price >= (0)::numeric)),
    CONSTRAINT repairs_pkey PRIMARY KEY (id)
);

ALTER SEQUENCE public.repairs_id_seq OWNED BY public.repairs.id;

ALTER TABLE public.repairs ADD CONSTRAINT fk_customers_repairs FOREIGN KEY (customer_id) REFERENCES public.customers(id);

CREATE INDEX idx_repairs_customer_id ON public.repairs USING btree (customer_id);

COMMENT ON COLUMN public.repairs.thing IS 'what is broken';

-- downgrade

DROP TABLE public.repairs;

DROP TABLE public.customers;
