-- /// migration
-- revision = "694f7be04349"
-- revises = ["bfc798cad4a6"]
-- message = "add example data"
-- created = "2026-02-23T10:00:00Z"
-- ///
-- upgrade
-- Everything follows from row numbers, so that each database gets the same data. The ids are below 10000.
INSERT INTO restaurants (id, name, city, country, time_zone, opened_on) VALUES
  (1, 'Zum Alten Speicher', 'Berlin', 'DE', 'Europe/Berlin', '2011-05-02'),
  (2, 'Le Bouchon du Quai', 'Lyon', 'FR', 'Europe/Paris', '2014-09-12'),
  (3, 'The Copper Kettle', 'London', 'GB', 'Europe/London', '2009-03-27'),
  (4, 'Harbor Street Grill', 'New York', 'US', 'America/New_York', '2017-06-15'),
  (5, 'Trattoria Due Torri', 'Bologna', 'IT', 'Europe/Rome', '2006-10-01'),
  (6, 'Casa Macarena', 'Sevilla', 'ES', 'Europe/Madrid', '2019-02-28'),
  (7, 'De Oude Werf', 'Utrecht', 'NL', 'Europe/Amsterdam', '2012-11-11'),
  (8, '道頓堀 さくら亭', '大阪', 'JP', 'Asia/Tokyo', '2015-04-01');

-- Every fifth customer comes from abroad. Phone numbers are written the way people write them, and some are none.
WITH locals (place, country, code, trunk, number, given, family) AS (
  VALUES
    (1, 'DE', '49', '0', '151234',
      ARRAY['Anna', 'Jürgen', 'Maximilian', 'Hans-Peter', 'Zeynep', 'Lukas', 'Ingrid'],
      ARRAY['Müller', 'von der Leyden', 'Schmidt', 'Yılmaz', 'zu Hohenfels', 'Weiß', 'Klein-Vogel', 'Bauer']),
    (2, 'FR', '33', '0', '63998',
      ARRAY['Élodie', 'Jean-Luc', 'Amélie', 'Théo', 'Fatou', 'Gérard', 'Chloé'],
      ARRAY['Dupont', 'de La Fontaine', 'Lefèvre', 'Diallo', 'd''Artagnan', 'Moreau', 'Le Goff', 'Roux']),
    (3, 'GB', '44', '0', '7700900',
      ARRAY['Olivia', 'Alistair', 'Mary Jane', 'Owen', 'Priya', 'Siobhán', 'George'],
      ARRAY['Smith', 'Fitzgerald', 'O''Connor', 'Patel', 'Lloyd-Jones', 'Blackwood', 'Shah', 'McAllister']),
    (4, 'US', '1', '1', '21255501',
      ARRAY['Emily', 'Mike', 'Ashley', 'José', 'Martin', 'LaToya', 'Robert'],
      ARRAY['Johnson', 'Van Dyke', 'Garcia', 'Nguyen', 'King Jr.', 'Washington', 'De Luca', 'Miller III']),
    (5, 'IT', '39', '', '34712',
      ARRAY['Giulia', 'Marco', 'Chiara', 'Gian Luca', 'Francesca', 'Niccolò', 'Sofia'],
      ARRAY['Rossi', 'De Angelis', 'Bianchi', 'dell''Acqua', 'Esposito', 'Di Stefano', 'Ferrari', 'Romano']),
    (6, 'ES', '34', '', '61234',
      ARRAY['Lucía', 'José María', 'Carmen', 'Íñigo', 'Begoña', 'Javier', 'Rocío'],
      ARRAY['García', 'de la Cruz', 'Fernández', 'Muñoz', 'del Río', 'Ibáñez', 'Núñez', 'Ortega']),
    (7, 'NL', '31', '0', '61234',
      ARRAY['Sanne', 'Jan', 'Fleur', 'Willem', 'Anouk', 'Mohammed', 'Lotte'],
      ARRAY['de Vries', 'van der Berg', 'Jansen', '''t Hart', 'van den Broek', 'El Idrissi', 'ten Cate', 'Bakker']),
    (8, 'JP', '81', '0', '901234',
      ARRAY['Yuki', 'Haruto', 'Sakura', 'Ren', 'Aoi', 'Kenji', 'Mei'],
      ARRAY['TANAKA', 'SATŌ', 'SUZUKI', 'WATANABE', 'ITŌ', 'YAMAMOTO', 'KOBAYASHI', 'KATŌ'])
),
people AS (
  SELECT
    n,
    (n - 1) % 8 + 1 AS restaurant_id,
    CASE WHEN n % 5 = 0 THEN locals.country END AS country,
    locals.country AS home,
    code,
    trunk,
    -- The last digits come from the row, as many as the country's numbers have left.
    number || lpad(
      (n * 37 % 10000)::text,
      CASE locals.country WHEN 'DE' THEN 11 WHEN 'GB' THEN 10 WHEN 'US' THEN 10 WHEN 'IT' THEN 10 WHEN 'JP' THEN 10 ELSE 9 END
        - length(number),
      '0'
    ) AS digits,
    given[n / 8 % 7 + 1] AS given,
    family[n / 3 % 8 + 1] AS family
  FROM generate_series(1, 400) AS n
  JOIN locals ON locals.place = (CASE WHEN n % 5 = 0 THEN n / 5 % 8 ELSE (n - 1) % 8 END) + 1
)
INSERT INTO customers
  (id, restaurant_id, full_name, email, phone, country, birthday, marketing_consent, created_at)
SELECT
  n,
  restaurant_id,
  CASE
    WHEN n % 97 = 0 THEN given
    WHEN home = 'JP' THEN family || ' ' || given
    WHEN n % 11 = 0 THEN family || ', ' || given
    WHEN n % 13 = 0 THEN 'Dr. ' || given || ' ' || family
    WHEN n % 17 = 0 THEN '  ' || given || '   ' || family || ' '
    ELSE given || ' ' || family
  END,
  CASE WHEN n % 9 <> 0 THEN 'guest' || n || '@example.com' END,
  CASE n % 14
    WHEN 0 THEN NULL
    WHEN 1 THEN '+' || code || ' ' || digits
    WHEN 2 THEN '00' || code || substr(digits, 1, 3) || ' ' || substr(digits, 4)
    WHEN 3 THEN trunk || substr(digits, 1, 3) || ' ' || substr(digits, 4, 3) || ' ' || substr(digits, 7)
    WHEN 4 THEN trunk || substr(digits, 1, 2) || '.' || substr(digits, 3, 3) || '.' || substr(digits, 6)
    WHEN 5 THEN '+' || code || ' (' || coalesce(nullif(trunk, ''), '0') || ') ' || digits
    WHEN 6 THEN '(' || trunk || substr(digits, 1, 3) || ') ' || substr(digits, 4, 3) || '-' || substr(digits, 7)
    WHEN 7 THEN trunk || substr(digits, 1, 3) || '/' || substr(digits, 4)
    WHEN 8 THEN 'tel:+' || code || '-' || digits
    WHEN 9 THEN translate(trunk || digits, '0123456789', '０１２３４５６７８９')
    WHEN 10 THEN trunk || digits
    WHEN 11 THEN '+' || code || ' ' || trunk || digits
    WHEN 12 THEN '  ' || trunk || substr(digits, 1, 4) || ' - ' || substr(digits, 5) || ' '
    ELSE (ARRAY[
      'n/a',
      'ask for Maria',
      trunk || digits || ' ext. 12',
      '12345',
      trunk || digits || ' / ' || trunk || reverse(digits),
      '000 000 000',
      '1-800-FLOWERS',
      '',
      '+' || code || digits || digits
    ])[n / 14 % 9 + 1]
  END,
  country,
  CASE WHEN n % 4 <> 0 THEN date '1940-01-15' + (n * 149 % 23000) END,
  n % 3 = 0,
  timestamptz '2024-03-01 12:00+00' + n * interval '41 hours'
FROM people;

INSERT INTO visits (id, restaurant_id, customer_id, arrived_at, guests, bill, tip)
SELECT
  row_number() OVER (ORDER BY customers.id, k),
  CASE WHEN k % 6 = 0 THEN customers.id % 8 + 1 ELSE restaurant_id END,
  customers.id,
  timestamptz '2025-01-03 18:30+00' + ((customers.id * 11 + k * 53) % 400) * interval '1 day' + (k % 5) * interval '20 minutes',
  (customers.id + k) % 6 + 1,
  round(((customers.id + k) % 6 + 1) * (18.40 + (customers.id * 7 + k * 13) % 31), 2),
  round((customers.id + k) % 4 * 1.75, 2)
FROM customers, generate_series(1, (customers.id % 12)::integer) AS k;

INSERT INTO reservations (id, restaurant_id, customer_id, table_number, during, guests, status, note)
SELECT
  row_number() OVER (ORDER BY restaurants.id, evening, place),
  restaurants.id,
  (restaurants.id * 17 + evening * 5 + place * 29) % 400 + 1,
  place,
  tstzrange(begins, begins + CASE WHEN place % 2 = 0 THEN interval '2 hours' ELSE interval '90 minutes' END),
  (evening + place) % 8 + 1,
  (ENUM_RANGE(NULL::reservation_status))[(evening + place * 3) % 5 + 1],
  (ARRAY['window, please', 'birthday', 'allergic to nuts', 'two prams'])[(evening * 3 + place) % 12 + 1]
FROM restaurants,
  generate_series(0, 9) AS evening,
  generate_series(1, 5) AS place,
  LATERAL (
    SELECT (timestamp '2026-03-02 18:00' + evening * interval '1 day' + place * interval '15 minutes')
      AT TIME ZONE time_zone
  ) AS starts (begins);

INSERT INTO tags (id, label) VALUES
  (1, 'vegetarian'), (2, 'window seat'), (3, 'nut allergy'), (4, 'birthday club'), (5, 'press'), (6, 'wheelchair');

INSERT INTO customer_tags (customer_id, tag_id)
SELECT customers.id, tags.id
FROM customers
JOIN tags ON customers.id % (tags.id * 4 + 3) = 0;

-- downgrade
DELETE FROM customer_tags WHERE customer_id < 10000 OR tag_id < 10000;
DELETE FROM tags WHERE id < 10000;
DELETE FROM reservations WHERE id < 10000;
DELETE FROM visits WHERE id < 10000;
DELETE FROM customers WHERE id < 10000;
DELETE FROM restaurants WHERE id < 10000;
