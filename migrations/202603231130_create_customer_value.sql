-- /// migration
-- revision = "f5782733c5e3"
-- revises = ["de20f792776b"]
-- message = "create the view customer_value"
-- created = "2026-03-23T11:30:00Z"
-- ///
-- upgrade
CREATE VIEW customer_value AS
SELECT
  customers.id AS customer_id,
  customers.restaurant_id,
  count(visits.id) AS visits,
  coalesce(sum(visits.paid), 0) AS paid,
  max(visits.arrived_at) AS last_visit,
  CASE
    WHEN count(visits.id) >= 10 THEN 'friend of the house'
    WHEN count(visits.id) >= 4 THEN 'regular'
    WHEN count(visits.id) >= 1 THEN 'guest'
    ELSE 'stranger'
  END AS tier
FROM customers
LEFT JOIN visits ON visits.customer_id = customers.id
GROUP BY customers.id;
COMMENT ON VIEW customer_value IS 'How much each customer visited and paid. The money is in the currency of the restaurant.';

-- downgrade
DROP VIEW customer_value;
