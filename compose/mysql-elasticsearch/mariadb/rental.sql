-- The rental table of the Sakila sample database, with made-up rows: one for each hour of a bit less than two years.
CREATE TABLE rental (
  rental_id    INT                NOT NULL AUTO_INCREMENT PRIMARY KEY,
  rental_date  DATETIME           NOT NULL,
  inventory_id MEDIUMINT UNSIGNED NOT NULL,
  customer_id  SMALLINT UNSIGNED  NOT NULL,
  return_date  DATETIME           NULL,
  staff_id     TINYINT UNSIGNED   NOT NULL,
  last_update  TIMESTAMP          NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP
);
INSERT INTO rental (rental_date, inventory_id, customer_id, return_date, staff_id)
SELECT
  '2024-01-01' + INTERVAL seq HOUR,
  1 + seq * 7919 % 4581,
  1 + seq * 104729 % 599,
  IF(seq % 11 = 0, NULL, '2024-01-01' + INTERVAL seq + 24 + seq % 120 HOUR),
  1 + seq % 2
FROM seq_1_to_16044;
